"""The roll of a lesson as a page shows it: read with the lesson itself, whatever the number of clients."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from .models import GONE, HOLDING, Attendance, Club, Enrolment, JSONRows, Subscription


@dataclass
class Line:
    """One client."""

    client: int
    name: str
    phone: str
    status: str
    attendance: str
    charged: bool
    left: int | None  # sessions on the day of the lesson; None: as many as the client likes
    at: datetime | None
    by: str
    position: int = 0  # on the waiting list

    @property
    def is_marked(self) -> bool:
        return self.attendance in (Attendance.ATTENDED, Attendance.NO_SHOW)

    @property
    def can_be_forgiven(self) -> bool:
        """Cancelled late, and charged for it."""
        return self.attendance == Attendance.LATE_CANCELLED and self.charged


@dataclass
class RollOfPage:
    capacity: int
    has_begun: bool
    is_day: bool  # on which who is there can be marked
    holding: list[Line] = field(default_factory=list)  # by name
    waiting: list[Line] = field(default_factory=list)  # in turn
    gone: list[Line] = field(default_factory=list)

    @property
    def free(self) -> int:
        return max(0, self.capacity - len(self.holding))

    @property
    def unpaid(self) -> int:
        return sum(line.status == Enrolment.Status.UNPAID and line.charged for line in [*self.holding, *self.gone])

    @property
    def present(self) -> int:
        return sum(line.attendance == Attendance.ATTENDED for line in self.holding)

    @property
    def absent(self) -> int:
        return sum(line.attendance == Attendance.NO_SHOW for line in self.holding)


def enrolled(club: Club) -> JSONRows:
    """For `annotate`, as `enrolled`."""
    rows = Enrolment.objects.filter(lesson=OuterRef("pk")).annotate(day=TruncDate("lesson__starts_at", tzinfo=club.zone))
    valid = Subscription.objects.filter(client=OuterRef("client"), valid_from__lte=OuterRef("day")).exclude(valid_until__lt=OuterRef("day"))
    packs = valid.filter(kind=Subscription.Kind.PACK).order_by().values("client")
    left = packs.annotate(left=Sum(F("credits") - F("used"))).values("left")
    names = {name: f"client__{name}" for name in ("first_name", "last_name", "phone")}
    who = {f"by_{name}": f"attendance_by__{name}" for name in ("first_name", "last_name", "username")}
    return JSONRows(
        rows.order_by("client__last_name", "client__first_name", "client"),
        client="client_id",
        left=Coalesce(Subquery(left, output_field=IntegerField()), 0),
        unlimited=Exists(valid.filter(kind=Subscription.Kind.PERIOD)),
        at="attendance_at",
        **{name: name for name in ("pk", "status", "attendance", "charged")},
        **names,
        **who,
    )


def read_roll(lesson: Any) -> RollOfPage:
    """Of a lesson that was read with `enrolled`."""
    now, zone = timezone.now(), lesson.club.zone
    is_day = now.astimezone(zone).date() >= lesson.starts_at.astimezone(zone).date()
    roll = RollOfPage(lesson.capacity, has_begun=lesson.starts_at <= now, is_day=is_day)
    for row in sorted(lesson.enrolled, key=_turn):
        line = _line(row)
        if line.attendance == Attendance.WAITING:
            line.position = len(roll.waiting) + 1
        {Attendance.WAITING: roll.waiting, **dict.fromkeys(HOLDING, roll.holding), **dict.fromkeys(GONE, roll.gone)}[
            Attendance(line.attendance)
        ].append(line)
    return roll


def _turn(row: dict[str, Any]) -> tuple[datetime, int]:
    """Those who wait by the moment since when; the others as they come, which is by name."""
    if row["attendance"] != Attendance.WAITING:
        return datetime.min.replace(tzinfo=UTC), 0
    return _moment(row["at"]) or datetime.max.replace(tzinfo=UTC), row["pk"]


def _line(row: dict[str, Any]) -> Line:
    return Line(
        client=row["client"],
        name=f"{row['first_name']} {row['last_name']}".strip(),
        phone=row["phone"],
        status=row["status"],
        attendance=row["attendance"],
        charged=bool(row["charged"]),
        left=None if row["unlimited"] else row["left"],
        at=_moment(row["at"]),
        by=f"{row['by_first_name'] or ''} {row['by_last_name'] or ''}".strip() or row["by_username"] or "",
    )


def _moment(text: str | None) -> datetime | None:
    """SQLite's are without offset, in UTC."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
