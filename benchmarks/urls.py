"""The product's URLs, and the least that Django can do with an upload."""

from django.core.files.storage import default_storage
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as product


@csrf_exempt
def store(request: HttpRequest) -> JsonResponse:
    name = default_storage.save("bench/recording.wav", request.FILES["file"])  # type: ignore[arg-type]  # one file of that name
    return JsonResponse({"name": name}, status=202)


urlpatterns = [path("bench/store", store), *product]
