"""Where a request really comes from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address that the log-in throttle counts by. Behind our proxy, what the proxy wrote last; a visitor may have written the rest."""
    if settings.BEHIND_PROXY:
        written = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    else:
        written = request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(written))
    except ValueError:  # a Unix socket has none
        return None
