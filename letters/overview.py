"""The page of the letters: each volunteer with this year's last letter. One query, whatever their number; the rest is counting."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields import BooleanField
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from lessons.models import Club, Teacher
from lessons.times import clock, long_day

from .models import VolunteerLetterSend
from .selection import Candidate, obstacle_to, unaccented, words_for

Status = VolunteerLetterSend.Status
ANSWER = re.compile(r"[45]\d\d[ -]")  # how SMTP begins a refusal
OPEN = [Status.PENDING, Status.UNSURE, Status.FAILED, Status.BOUNCED]


class Badge(NamedTuple):
    tone: str
    icon: str
    words: str | Promise


BADGES = {
    # Translators: badges of a letter; French “À vérifier”, “Échec”, “Revenue”, “Envoi en cours”, “En attente”, “Retenue”, “Envoyée”,
    # “Pas encore envoyée”, “Annulée”
    "unsure": Badge("is-unsure", "unsure", pgettext_lazy("a letter", "To check")),
    "failed": Badge("is-error", "error", pgettext_lazy("a letter", "Failed")),
    "bounced": Badge("is-error", "error", pgettext_lazy("a letter", "Returned")),
    "running": Badge("is-running", "run", pgettext_lazy("a letter", "Being sent")),
    "pending": Badge("is-pending", "wait", pgettext_lazy("a letter", "Waiting")),
    "held": Badge("", "hold", pgettext_lazy("a letter", "Held back")),
    "sent": Badge("is-done", "check", pgettext_lazy("a letter", "Sent")),
    "cancelled": Badge("is-cancelled", "x", pgettext_lazy("a letter", "Cancelled")),
    "new": Badge("", "letter", pgettext_lazy("a letter", "Not sent yet")),
}
# The addresses of the tabs, in French as those of the planning are, and the states that each shows.
TABS: dict[str, tuple[Any, frozenset[str]]] = {
    # Translators: tabs over the letters; French “Toutes”, “À traiter”, “En attente”, “Envoyées”, “Retenues”, “Pas encore envoyées”
    "": (pgettext_lazy("letters", "All"), frozenset(BADGES)),
    "a-traiter": (pgettext_lazy("letters", "Your turn"), frozenset({"unsure", "failed", "bounced"})),
    "en-attente": (pgettext_lazy("letters", "Waiting"), frozenset({"pending", "running"})),
    "envoyees": (pgettext_lazy("letters", "Sent"), frozenset({"sent"})),
    "retenues": (pgettext_lazy("letters", "Held back"), frozenset({"held"})),
    "pas-encore": (pgettext_lazy("letters", "Not sent yet"), frozenset({"new", "cancelled"})),
}


@dataclass(frozen=True)
class Batch:
    """The newest click whose jobs are still known."""

    token: str
    begun_at: datetime
    total: int
    counts: dict[str, int]

    @property
    def handled(self) -> int:
        return sum(self.counts[state] for state in ("sent", "failed", "unsure"))

    def segments(self) -> list[tuple[str, str, int, int]]:
        """Of the bar: state, colour, where it begins, how long it is."""
        found, begin = [], 0
        for state, colour in (("sent", "done"), ("failed", "error"), ("unsure", "todo"), ("running", "run")):  # the rest is the track
            found.append((state, colour, begin, self.counts[state]))
            begin += self.counts[state]
        return found

    @property
    def jobs_counted(self) -> str:
        """As the poller will count the jobs: what differs from it has changed since the page was made."""
        failed = self.counts["failed"] + self.counts["unsure"]
        return f"{self.counts['sent']},{failed},{self.counts['cancelled']},{self.counts['running']}"

    @property
    def is_over(self) -> bool:
        return not (self.counts["pending"] or self.counts["running"])


@dataclass(frozen=True)
class Row:
    teacher: int | None
    name: str
    email: str
    obstacle: str  # why no letter may go today; empty where one may
    letter: dict[str, Any] | None

    @property
    def key(self) -> int:
        """Of its place on the page: a deleted teacher's letter stands for them."""
        return self.teacher or (-int(self.letter["id"]) if self.letter else 0)

    @property
    def state(self) -> str:
        if self.letter is None:
            return "new"
        status: str = self.letter["status"]
        job: str = self.letter["job"]
        return job if status == Status.PENDING and job in ("running", "cancelled") else status  # the log hears of a stop within a minute

    @property
    def badge(self) -> Badge:
        return BADGES[self.state]

    @property
    def is_yours(self) -> bool:
        return self.state in TABS["a-traiter"][1]

    @property
    def may_go_again(self) -> bool:
        return self.is_yours and not self.obstacle and self.teacher is not None

    @property
    def detail(self) -> str:
        """Why it is so, or since when."""
        if self.letter is None:
            return words_for(self.obstacle) if self.obstacle else ""
        if self.state == "held":
            # Translators: French “Corrigé depuis : elle partira au prochain envoi.”
            return words_for(self.obstacle) if self.obstacle else _("Mended since: it goes with the next sending.")
        if self.state == "pending" and self.letter["error"]:
            # Translators: French “%(error)s Nouvel essai bientôt.”
            return _("%(error)s It is tried again soon.") % {"error": self.letter["error"]}
        if self.state in ("sent", "pending", "running"):
            return ""
        words = str(self.letter["error"])
        # Translators: of a letter, then the server's own words; French “Le serveur de courrier l’a refusée : « %(words)s »”
        return _("The mail server refused it: “%(words)s”") % {"words": words} if ANSWER.match(words) else words

    @property
    def moment(self) -> str:
        if self.at is None or self.state not in ("sent", "unsure", "failed", "bounced", "cancelled"):
            return ""
        words = _moment_in_words(self.at)
        # Translators: a letter, at a time or on a day; French “Partie : %(moment)s”
        return _("Sent: %(moment)s") % {"moment": words} if self.state == "sent" else words

    @cached_property
    def at(self) -> datetime | None:
        return _moment((self.letter["sent_at"] if self.state == "sent" else self.letter["updated_at"]) if self.letter else None)


@dataclass
class Overview:
    rows: list[Row]
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = dict.fromkeys(BADGES, 0)
        for row in self.rows:
            self.counts[row.state] += 1

    @property
    def yours(self) -> list[Row]:
        """Those that perhaps arrived first: nobody but a person can end them."""
        return sorted((row for row in self.rows if row.is_yours), key=lambda row: (row.state != "unsure", row.name))

    @property
    def failed(self) -> int:
        return self.counts["failed"] + self.counts["bounced"]

    def tabs(self) -> list[tuple[str, str, int]]:
        return [(key, str(words), sum(self.counts[state] for state in states)) for key, (words, states) in TABS.items()]

    def in_tab(self, tab: str) -> list[Row]:
        return [row for row in self.rows if row.state in TABS[tab][1]]

    @cached_property
    def batch(self) -> Batch | None:
        """One that is under way before any other."""
        seen = [(row, row.letter) for row in self.rows if row.letter and row.letter["batch"]]
        newest = max(seen, key=lambda pair: (pair[1]["status"] == Status.PENDING, pair[1]["begun_at"]), default=None)
        if newest is None:
            return None
        letter = newest[1]
        states = [row.state for row, other in seen if other["batch"] == letter["batch"]]
        counts = {state: states.count(state) for state in ("sent", "failed", "unsure", "running", "pending", "cancelled")}
        counts["sent"] += states.count("bounced")  # they had left
        begun_at = timezone.localtime(_moment(letter["begun_at"]))
        return Batch(str(UUID(letter["batch"])), begun_at, letter["total"], counts)


def look_at_letters(club: Club, *, year: int, usual_activity: str) -> Overview:
    """`usual_activity`: of the club's wording, for those who have none of their own."""
    rows = _teachers(club, year).union(_orphans(club, year), all=True)
    return Overview(sorted((_row(values, usual_activity) for values in rows), key=lambda row: unaccented(row.name)))


def _teachers(club: Club, year: int) -> QuerySet[Any, Any]:
    letters = VolunteerLetterSend.objects.filter(club=club, year=year)
    newest = letters.filter(teacher=OuterRef("pk")).order_by("-id").values(seen=_seen())[:1]
    open_ones = letters.filter(status__in=OPEN, teacher__isnull=False).order_by().values("teacher")
    shown = Teacher.objects.filter(Q(active=True, volunteer=True) | Q(pk__in=open_ones), club=club)
    shown = shown.order_by().annotate(may_get_one=ExpressionWrapper(Q(active=True, volunteer=True), BooleanField()))
    facts = ("volunteer_facts__activity", "volunteer_facts__employed_as")
    return shown.values_list("pk", "first_name", "last_name", "email", "may_get_one", *facts, Subquery(newest))


def _orphans(club: Club, year: int) -> QuerySet[Any, Any]:
    """Letters whose teacher was deleted, while something is still to be decided or done."""
    letters = VolunteerLetterSend.objects.filter(club=club, year=year, teacher=None, status__in=[Status.PENDING, Status.UNSURE])
    nothing = Value("", CharField())
    return letters.order_by().values_list(
        "teacher_id", "teacher_name", nothing, "recipient_email", Value(True, BooleanField()), nothing, nothing, _seen()
    )


def _seen() -> JSONObject:
    return JSONObject(
        id=F("id"),
        status=F("status"),
        error=F("error_message"),
        attempts=F("attempts"),
        sent_at=F("sent_at"),
        updated_at=F("updated_at"),
        sha256=F("pdf_sha256"),
        job=F("job__status"),
        batch=F("job__batch_id"),
        begun_at=F("job__batch__created_at"),
        total=F("job__batch__total"),
    )


def _row(values: tuple[Any, ...], usual_activity: str) -> Row:
    pk, first, last, email, volunteer, activity, employed_as, letter = values
    name = f"{first} {last}".strip()
    candidate = Candidate(pk or 0, name, email, volunteer, activity or usual_activity, employed_as or "")
    return Row(pk, name, email, obstacle_to(candidate), letter)


def _moment(text: str | None) -> datetime | None:
    """As JSON keeps it; SQLite leaves the zone out, which is UTC."""
    moment = parse_datetime(text) if text else None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _moment_in_words(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return clock(local) if local.date() == timezone.localdate() else long_day(local.date())
