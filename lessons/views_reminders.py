"""Where the link in a reminder leads: no log-in, the signature is the key."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import services
from .opt_out import client_of


@csrf_exempt  # a mail program posts on its own when somebody clicks its "unsubscribe" (RFC 8058); the signature says who
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows, for mail scanners follow links. POST stops the reminders; with `again` it starts them."""
    client = client_of(token)
    if client is None:
        raise Http404
    if request.method == "POST":
        services.change(client, wants_reminders="again" in request.POST)
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"  # which no redirect may answer
        return HttpResponse(status=200) if one_click else redirect("reminders-opt-out", token)
    with translation.override(client.club.language):
        return render(request, "lessons/opt_out.html", {"client": client, "club": client.club})
