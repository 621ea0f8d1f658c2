"""What the page of the voice notes shows. Two queries, whatever the number of notes."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from lessons.models import Client, Club, Membership

from .models import CONDITIONS, FieldChange, NotePreference, VoiceNote
from .record import folded
from .wording import message

ROWS_A_PAGE = 25
LONGEST_SEARCH = 100
ASKS = Q(question__isnull=False)
OPEN = Q(job__status__in=["pending", "running"])
FAILED = CONDITIONS[VoiceNote.Status.FAILED]
# The addresses of the tabs, in French as those of the planning are.
TABS: dict[str, tuple[Any, Q]] = {
    # Translators: tabs over the voice notes; French “Toutes”, “À répondre”, “En cours”, “Échecs”
    "": (pgettext_lazy("voice notes", "All"), Q()),
    "a-repondre": (pgettext_lazy("voice notes", "Your turn"), ASKS),
    "en-cours": (pgettext_lazy("voice notes", "Under way"), OPEN),
    "echecs": (pgettext_lazy("voice notes", "Failed"), FAILED),
}


@dataclass(frozen=True)
class Row:
    """One note as a line: whose turn it is, what came of it."""

    note: VoiceNote

    @property
    def state(self) -> str:
        """As the classes of the stylesheet name it."""
        if self.note.question is not None and self.note.status == VoiceNote.Status.DONE:
            return "unsure"
        return {"pending": "pending", "processing": "running", "done": "done", "failed": "error"}[self.note.status]

    @property
    def icon(self) -> str:
        return {"pending": "wait", "running": "run", "done": "check", "error": "error", "unsure": "unsure"}[self.state]

    @property
    def is_live(self) -> bool:
        return not self.note.ended

    @property
    def detail(self) -> str:
        written = getattr(self.note, "written", 0)
        if self.state != "done" or not written:
            return message(self.note)
        # Translators: French “3 champs changés, 1 annulé”
        words = ngettext("%(count)d field changed", "%(count)d fields changed", written) % {"count": written}
        undone = self.note.undone  # type: ignore[attr-defined]  # annotated with `written`
        return words + (", " + ngettext("%(count)d undone", "%(count)d undone", undone) % {"count": undone} if undone else "")


@dataclass(frozen=True)
class Overview:
    rows: list[Row]
    tab: str
    search: str
    page: int
    has_next: bool
    counts: dict[str, int]  # empty while somebody searches
    wants_email: bool = False
    client: Client | None = None

    @property
    def is_empty_club(self) -> bool:
        return self.counts.get("", 1) == 0

    def tabs(self) -> list[tuple[str, str, int | None]]:
        return [(key, str(words), self.counts.get(key)) for key, (words, _condition) in TABS.items()]

    @property
    def previous(self) -> int:
        return self.page - 1

    @property
    def next(self) -> int:
        return self.page + 1

    @property
    def first(self) -> int:
        return (self.page - 1) * ROWS_A_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def look_at_notes(membership: Membership, *, tab: str = "", search: str = "", page: int = 1, client: Client | None = None) -> Overview:
    """Of the club, or of one of its clients."""
    tab, search = (tab if tab in TABS else ""), search.replace("\x00", "").strip()[:LONGEST_SEARCH]
    notes = VoiceNote.objects.filter(TABS[tab][1], club=membership.club_id)
    if client:
        notes = notes.filter(client=client)
    if search:
        notes = notes.filter(Q(transcription__icontains=search) | Q(client__in=_called(membership.club, search)))
    counts, wants_email = ({}, False) if search or client else _count(membership)
    start = (page - 1) * ROWS_A_PAGE
    found = list(with_counts(notes)[start : start + ROWS_A_PAGE + 1])
    rows = [Row(note) for note in found[:ROWS_A_PAGE]]
    return Overview(rows, tab, search, page, len(found) > ROWS_A_PAGE, counts, wants_email, client)


def with_counts(notes: Any) -> Any:
    """`written`: fields that the note changed; `undone`: those of them that were taken back."""
    written: Any = FieldChange.objects.filter(note=OuterRef("pk")).order_by().values("note")
    return notes.with_client().annotate(written=_counted(written), undone=_counted(written.filter(undone_at__isnull=False)))


def remark_on_transcriber() -> str:
    """What whoever speaks should know before; empty where nothing needs to be said."""
    if settings.TRANSCRIBER != "pocketsphinx":
        return ""
    # Translators: French “La transcription installée d’origine ne comprend que l’anglais, parlé clairement. Pour le français, l’opérateur
    # peut activer faster-whisper ou un service compatible OpenAI.”
    return _(
        "The transcription that comes with the software understands English only, clearly spoken. "
        "For French, the operator can turn on faster-whisper or a service that is compatible with OpenAI."
    )


def _counted(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), Value(0), output_field=IntegerField())


def _count(membership: Membership) -> tuple[dict[str, int], bool]:
    notes = VoiceNote.objects.filter(club=OuterRef("pk")).order_by().values("club")
    wants: QuerySet[NotePreference] = NotePreference.objects.filter(membership=membership.pk, email_when_done=True)
    numbers = {f"tab{place}": _counted(notes.filter(condition)) for place, (_words, condition) in enumerate(TABS.values())}
    row = Club.objects.filter(pk=membership.club_id).order_by().values_list(*numbers.values(), Exists(wants)).get()
    return dict(zip(TABS, row[:-1], strict=True)), bool(row[-1])


def _called(club: Club, search: str) -> list[int]:
    """With or without accents."""
    wanted = folded(search)
    names = Client.objects.filter(club=club).order_by().values_list("pk", "first_name", "last_name")
    return [pk for pk, first, last in names if wanted in folded(f"{first} {last}") or wanted in folded(f"{last} {first}")]
