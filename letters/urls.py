from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api

router = SimpleRouter(use_regex_path=False)
router.register("letters", api.LetterViewSet)

urlpatterns = [
    path("api/letters/wording/", api.WordingView.as_view(), name="letters-wording"),
    path("api/", include(router.urls)),
]
