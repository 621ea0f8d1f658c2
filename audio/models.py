"""A spoken note about a client, and every field of a client that a note wrote."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lessons.credits import sessions_left, with_sessions_left
from lessons.models import Client, Club, Membership, new_message_id

from .storage import recordings


class VoiceNoteQuerySet(models.QuerySet["VoiceNote"]):
    def with_client(self) -> "VoiceNoteQuerySet":
        """What a line in a list shows, in one query."""
        rows = FieldChange.objects.filter(note=OuterRef("pk"))
        return self.select_related("club", "client", "created_by", "job").annotate(changed=Exists(rows)).defer("words", "found")

    def with_details(self) -> "VoiceNoteQuerySet":
        """All of each note, in two queries whatever the number of notes."""
        rows: Prefetch[Any] = Prefetch("changes", FieldChange.objects.order_by("id"), to_attr="change_rows")
        return self.with_client().defer(None).prefetch_related(rows)

    def with_status(self, status: str) -> "VoiceNoteQuerySet":
        return self.filter(CONDITIONS[VoiceNote.Status(status)])


class VoiceNote(models.Model):
    """What was recorded, what was understood, and what came of it."""

    class Status(models.TextChoices):
        """Read from the note's job, never stored: what its engine rescues, retries or gives up cannot stay *processing* here.

        | status | when |
        |---|---|
        | `pending` | its job waits, for the first time or for another attempt |
        | `processing` | its job runs |
        | `done` | its job is done, or was cleaned away after it was |
        | `failed` | its job failed, was cancelled, or was cleaned away before it was done |

        A job that died or was cancelled after it had written the record leaves a note that is done.
        """

        PENDING = "pending", _("Waiting")
        PROCESSING = "processing", _("Being processed")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    change_rows: list["FieldChange"]  # filled by with_details()
    candidate_rows: list[Client]  # filled by with_candidates()

    club = models.ForeignKey(Club, models.CASCADE, db_index=False, related_name="voice_notes", verbose_name=_("club"))
    client = models.ForeignKey(
        Client,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="voice_notes",
        verbose_name=_("client"),
        help_text=_("On whose page it was recorded; otherwise whom its words named, once they are understood."),
    )
    client_created = models.BooleanField(_("made this client"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    file = models.FileField(_("recording"), storage=recordings, max_length=200, blank=True, help_text=_("Empty once it was deleted."))
    content_type = models.CharField(_("type"), max_length=60)
    size_bytes = models.PositiveBigIntegerField(_("size, bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    duration_seconds = models.FloatField(_("duration, seconds"), null=True, blank=True)
    unreadable = models.BooleanField(_("unreadable"), default=False, help_text=_("No further try can decode it."))
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    transcription = models.TextField(_("transcription"), blank=True)
    words = models.JSONField(_("words"), default=list, blank=True, help_text=_("Each word with its start and end in seconds."))
    transcribed_at = models.DateTimeField(_("transcribed at"), null=True, blank=True)
    found = models.JSONField(_("found"), default=dict, blank=True, help_text=_("Field, value, and the words that say it."))
    question = models.JSONField(
        _("question"), null=True, blank=True, help_text=_("Ids of the clients that it may speak of; a manager chooses.")
    )
    error_message = models.TextField(_("error"), blank=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    applied_job = models.UUIDField(_("applied by"), null=True, blank=True, editable=False)  # so that no job is applied twice
    request_key = models.CharField(_("request key"), max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001  NULL: no key
    message_id = models.CharField(_("Message-ID"), max_length=120, default=new_message_id, editable=False)
    email_begun_at = models.DateTimeField(_("e-mail begun at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("recorded at"), db_default=Now())

    objects = VoiceNoteQuerySet.as_manager()

    class Meta:
        db_table = "audio_records"
        verbose_name = _("voice note")
        verbose_name_plural = _("voice notes")
        ordering = ["-id"]
        indexes = [
            models.Index("club", models.F("id").desc(), name="audio_newest_of_a_club"),
            models.Index("created_at", name="audio_recordings_kept", condition=~Q(file="")),
        ]
        constraints = [models.UniqueConstraint(fields=["club", "request_key"], name="audio_one_note_a_request_key")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def status(self) -> "VoiceNote.Status":
        of_job = {"pending": self.Status.PENDING, "running": self.Status.PROCESSING, "done": self.Status.DONE}
        if self.job and not (self.job.status not in of_job and self.applied_job == self.job_id):
            return of_job.get(self.job.status, self.Status.FAILED)
        return self.Status.DONE if self.processed_at else self.Status.FAILED

    @property
    def ended(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.FAILED)

    @property
    def words_were_erased(self) -> bool:
        """After the retention; a silent note was transcribed too."""
        return self.processed_at is not None and self.transcribed_at is None

    @property
    def can_be_tried_again(self) -> bool:
        """Whether anything is left that may be understood: its words, or a recording that can be decoded."""
        return bool(self.transcription or (self.file and not self.unreadable))

    @staticmethod
    def with_candidates(notes: Iterable["VoiceNote"]) -> list["VoiceNote"]:
        """Those of whom each note may speak and what they have left, in one query for all of them; none where nobody asks."""
        notes = list(notes)
        wanted = {pk for note in notes if note.question for pk in note.question["candidates"]}
        rows: Iterable[Any] = with_sessions_left(Client.objects.filter(pk__in=wanted), timezone.localdate()) if wanted else ()
        clients = {client.pk: client for client in rows}
        for client in clients.values():
            client.sessions_left = sessions_left(client)  # None: as many as the client likes
        for note in notes:
            note.candidate_rows = [clients[pk] for pk in (note.question or {}).get("candidates", ()) if pk in clients]
        return notes

    @property
    def status_in_words(self) -> str:
        return str(self.status.label)

    @property
    def error(self) -> str:
        """Why it failed, in words for a person; empty unless it did."""
        if self.status != self.Status.FAILED:
            return ""
        said = self.job.error if self.job else ""
        return said or self.error_message or gettext("It was stopped before it was processed.")


CAN_BE_TRIED_AGAIN = ~Q(transcription="") | (~Q(file="") & Q(unreadable=False))  # as the property says of one note
_WRITTEN = Q(applied_job__isnull=False, applied_job=F("job"))
_ENDED_BADLY = Q(job__status__in=["error", "cancelled"])
CONDITIONS = {
    VoiceNote.Status.PENDING: Q(job__status="pending"),
    VoiceNote.Status.PROCESSING: Q(job__status="running"),
    VoiceNote.Status.DONE: Q(job__status="done") | Q(job=None, processed_at__isnull=False) | (_ENDED_BADLY & _WRITTEN),
    VoiceNote.Status.FAILED: (_ENDED_BADLY & ~_WRITTEN) | Q(job=None, processed_at=None),
}


class FieldChange(models.Model):
    """One field of a client as a note changed it: what it was, what it became, and the words that said so."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="changes", verbose_name=_("client"))
    note = models.ForeignKey(VoiceNote, models.SET_NULL, null=True, blank=True, related_name="changes", verbose_name=_("voice note"))
    field = models.CharField(_("field"), max_length=40)
    old = models.TextField(_("before"), blank=True)
    new = models.TextField(_("after"), help_text=_("Of the notes: the paragraph that was added."))
    words = models.TextField(_("words"), blank=True)
    position_seconds = models.FloatField(_("position, seconds"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now())
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )

    class Meta:
        verbose_name = _("change of a field")
        verbose_name_plural = _("changes of fields")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.field} {self.pk}"

    @property
    def field_in_words(self) -> str:
        names = {field.name: field.verbose_name for field in Client._meta.concrete_fields}
        return str(names.get(self.field, self.field))


class NotePreference(models.Model):
    """Of one member of a club: whether an e-mail says what came of a note."""

    membership = models.OneToOneField(Membership, models.CASCADE, related_name="note_preference", verbose_name=_("membership"))
    email_when_done = models.BooleanField(_("e-mail when a note is done"), default=False)

    class Meta:
        verbose_name = _("preference for voice notes")
        verbose_name_plural = _("preferences for voice notes")

    def __str__(self) -> str:
        return str(self.membership)


class UploadPace(models.Model):
    """When one person last uploaded. `version` counts the writes: who saw an older one looks again."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("user"))
    moments = models.JSONField(_("moments"), default=list, help_text=_("In seconds since 1970."))
    version = models.PositiveBigIntegerField(_("version"), default=0)

    class Meta:
        verbose_name = _("pace of uploads")
        verbose_name_plural = _("paces of uploads")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
