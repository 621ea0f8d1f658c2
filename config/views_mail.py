"""The caught mail, for development: none of it exists unless DEBUG is on."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from itertools import islice
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from . import mailbox

SHOWN = 200
View = Callable[..., HttpResponseBase]


def only_in_development(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return view(request, **kwargs)

    return guarded


@only_in_development
def index(request: HttpRequest) -> HttpResponse:
    mails = list(islice(mailbox.newest_first(settings.MAILBOX_DIR), SHOWN))
    return render(request, "dev/mail_list.html", {"mails": mails})


@only_in_development
def messages(request: HttpRequest) -> JsonResponse:
    """For programs: every message, or those to one address (`?to=`)."""
    address = request.GET.get("to", "")
    mails = mailbox.newest_first(settings.MAILBOX_DIR)
    rows = [
        {"id": mail.id, "to": mail.sent_to, "subject": mail.subject, "received_at": mail.received_at, "text": mail.body("plain")}
        for mail in mails
        if address in mail.sent_to
    ]
    return JsonResponse({"count": len(rows), "results": rows})


@only_in_development
def show(request: HttpRequest, id: str) -> HttpResponse:
    mail = _find_or_404(id)
    context = {
        "mail": mail,
        "text": mail.body("plain"),
        "has_html": bool(mail.body("html")),
        "attachments": [part.get_filename() or part.get_content_type() for part in mail.attachments],
    }
    return render(request, "dev/mail.html", context)


@only_in_development
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # its types forget the further arguments of a view
    {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "sandbox": [], "frame-ancestors": ["'self'"]}
)
def html(request: HttpRequest, id: str) -> HttpResponse:
    """Shown in a frame that may run nothing and fetch nothing: a mail is somebody else's page."""
    return HttpResponse(_find_or_404(id).body("html"))


@only_in_development
def source(request: HttpRequest, id: str) -> HttpResponse:
    return HttpResponse(_find_or_404(id).message.as_bytes(), content_type="text/plain; charset=utf-8")


@only_in_development
def attachment(request: HttpRequest, id: str, number: int) -> HttpResponseBase:
    parts = _find_or_404(id).attachments
    if number >= len(parts):
        raise Http404
    content = parts[number].get_payload(decode=True)
    file = BytesIO(content if isinstance(content, bytes) else b"")
    return FileResponse(file, as_attachment=True, filename=parts[number].get_filename() or str(number))


def _find_or_404(id: str) -> mailbox.Mail:
    if mail := mailbox.find(settings.MAILBOX_DIR, id):
        return mail
    raise Http404
