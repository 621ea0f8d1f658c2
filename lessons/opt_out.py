"""The link in a reminder with which a client says: no more of these. Whoever has the mail has the link; it does not expire."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from .models import Client

SALT = "lessons.reminders"


def link_for(client: Client) -> str:
    return f"{settings.BASE_URL.rstrip('/')}{reverse('reminders-opt-out', args=[token_for(client)])}"


def token_for(client: Client) -> str:
    return Signer(salt=SALT).sign(str(client.pk))


def client_of(token: str) -> Client | None:
    """None for what we did not sign, and for a client who is gone."""
    try:
        pk = int(Signer(salt=SALT).unsign(token))
    except (BadSignature, ValueError):
        return None
    return Client.objects.select_related("club").filter(pk=pk).first()
