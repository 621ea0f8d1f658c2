"""Taking back what a note wrote, and putting it back again."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audio import record
from audio.models import FieldChange
from jobs.services import StateConflict
from lessons import services as lessons
from lessons.models import Client


def undo_change(*, change: FieldChange, user: Any) -> FieldChange:
    """The field is again what it was before. Raises StateConflict where it was changed since."""
    with transaction.atomic():
        client, change = _locked(change)
        if change.undone_at:
            # Translators: "Ce changement est déjà annulé."
            raise StateConflict(_("This change is already undone."))
        _require_untouched_since(client, change, now=change.new)
        _put(client, change, change.new, change.old)
        change.undone_at, change.undone_by = timezone.now(), user
        change.save(update_fields=["undone_at", "undone_by"])
    return change


def redo_change(*, change: FieldChange, user: Any) -> FieldChange:
    """What was undone is there again. Raises StateConflict where the field was changed since."""
    with transaction.atomic():
        client, change = _locked(change)
        if not change.undone_at:
            # Translators: "Ce changement n’est pas annulé."
            raise StateConflict(_("This change is not undone."))
        _require_untouched_since(client, change, now=change.old)
        _put(client, change, change.old, change.new)
        change.undone_at = change.undone_by = None
        change.save(update_fields=["undone_at", "undone_by"])
    return change


def _locked(change: FieldChange) -> tuple[Client, FieldChange]:
    """The client first, as everywhere, so that nobody waits in a ring."""
    client = Client.objects.select_for_update(of=("self",)).select_related("club").get(pk=change.client_id)
    return client, FieldChange.objects.select_for_update().get(pk=change.pk)


def _require_untouched_since(client: Client, change: FieldChange, *, now: str) -> None:
    """An undo may only take back the last word on a field: it must not wipe out what somebody said or typed later."""
    if change.field == "notes":
        untouched = record.has_paragraph(client.notes, now)
    else:
        later = client.changes.filter(field=change.field, undone_at=None, pk__gt=change.pk)
        untouched = record.as_text(getattr(client, change.field)) == now and not later.exists()
    if not untouched:
        facts = {"field": change.field_in_words}
        # Translators: "« %(field)s » a changé depuis : annulez d’abord le dernier changement, ou corrigez la fiche."
        raise StateConflict(_("“%(field)s” has changed since: undo the latest change first, or edit the record.") % facts)


def _put(client: Client, change: FieldChange, old: str, new: str) -> None:
    if change.field == "notes":
        value: Any = record.with_paragraph(client.notes, old, new)
    else:
        value = record.as_value(change.field, new)
    if (
        change.field in ("first_name", "last_name")
        and not value
        and not (client.last_name if change.field == "first_name" else client.first_name)
    ):
        # Translators: "La fiche n’aurait plus de nom : supprimez-la, ou corrigez le nom."
        raise StateConflict(_("The record would be left without a name: delete it, or edit the name."))
    lessons.change(client, **{change.field: value})
