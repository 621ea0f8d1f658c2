"""What came of a note, in one sentence."""

from django.utils.translation import gettext as _

from .models import VoiceNote


def outcome(note: VoiceNote) -> str:
    if note.question is not None:
        # Translators: "De qui parle cette note ?"
        return _("Of whom does this note speak?")
    if note.client is None:
        if note.words_were_erased:
            # Translators: "Ce qui a été dit a été effacé"
            return _("What was said was erased")
        # Translators: "Rien n’a été entendu" / "Aucune information sur un client n’a été reconnue"
        return _("Nothing about a client was recognised") if note.transcription else _("No word was heard")
    facts = {"name": str(note.client)}
    if note.client_created:
        # Translators: "Fiche client « %(name)s » créée"
        return _("Client record “%(name)s” created") % facts
    changed = getattr(note, "changed", None)  # asked with the note, for a list
    if note.changes.exists() if changed is None else changed:
        # Translators: "Fiche client « %(name)s » mise à jour"
        return _("Client record “%(name)s” updated") % facts
    # Translators: "Rien de nouveau pour « %(name)s »"
    return _("Nothing new for “%(name)s”") % facts


def message(note: VoiceNote) -> str:
    """For whoever waits: what happens, what came of it, or why it failed."""
    status = note.status
    if status == VoiceNote.Status.DONE:
        return outcome(note)
    if status == VoiceNote.Status.FAILED:
        return note.error
    if status == VoiceNote.Status.PROCESSING and note.job and note.job.message:
        return str(note.job.message)
    # Translators: "En attente de traitement"
    return _("Waiting to be processed")
