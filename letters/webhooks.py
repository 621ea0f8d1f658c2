"""Where a mail service posts its reports; closed unless one is set up."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt  # who posts here has no cookie of ours, and proves itself by password or signature
def mail_service(request: HttpRequest) -> HttpResponseBase:
    if not (settings.MAIL_SERVICE and settings.MAIL_WEBHOOK_SECRET):
        raise Http404
    from . import mail_reports  # needs the optional extra

    return mail_reports.respond(request)
