"""The club's data as JSON. What is checked here is form; services say what the club allows."""

import json
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.services import job_reference

from . import planner
from .closed_days import closure_problems
from .credits import sessions_left
from .models import (
    CLUB_SETTINGS,
    HOURS,
    MOST_HOURS,
    Change,
    Client,
    Closure,
    Club,
    Enrolment,
    Lesson,
    Membership,
    Place,
    Subscription,
    Teacher,
)
from .services import why_not_undone

MOST_CLIENTS = 500
MOST_CREDITS = 1000
LARGEST_ID = 2**63 - 1


class PersonSerializer(serializers.ModelSerializer[Any]):
    """Both kinds of people say when a name is nothing but spaces, and never hold a line break."""

    def validate_first_name(self, value: str) -> str:
        return " ".join(value.split())

    def validate_last_name(self, value: str) -> str:
        return " ".join(value.split())


class TeacherSerializer(PersonSerializer):
    class Meta:
        model = Teacher
        fields = ["id", "first_name", "last_name", "email", "phone", "volunteer", "silk", "active", "created_at", "updated_at"]
        read_only_fields = ["silk", "created_at", "updated_at"]


class ClientSerializer(PersonSerializer):
    sessions_left = serializers.SerializerMethodField(
        help_text="Lessons that the packs valid today still hold; null: a period covers today, with no count."
    )

    class Meta:
        model = Client
        fields = [
            "id", "first_name", "last_name", "email", "phone", "birth_date", "address", "level", "horse", "availability", "notes",
            "wants_reminders", "sessions_left", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["created_at", "updated_at"]

    def get_sessions_left(self, client: Client) -> int | None:
        """Who has just been created has none."""
        return sessions_left(client) if hasattr(client, "unlimited") else 0


class PlaceSerializer(serializers.ModelSerializer[Place]):
    class Meta:
        model = Place
        fields = ["id", "name"]


class ClosureSerializer(serializers.ModelSerializer[Closure]):
    class Meta:
        model = Closure
        fields = ["id", "first_day", "last_day", "reason"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        days = [_now_or_before(self.instance, attrs, name) for name in ("first_day", "last_day")]
        if problems := closure_problems(*days):
            raise serializers.ValidationError(problems)
        return attrs


class ClosureLessonsSerializer(serializers.Serializer[Any]):
    lessons = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        default=None,
        allow_null=True,
        help_text="All of them without it.",
    )


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    client = serializers.PrimaryKeyRelatedField(queryset=Client.objects.none())
    remaining = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Lessons left; null for a period, which does not count."
    )

    class Meta:
        model = Subscription
        fields = ["id", "client", "kind", "credits", "used", "remaining", "valid_from", "valid_until", "created_at"]
        read_only_fields = ["used", "created_at"]
        extra_kwargs = {"credits": {"max_value": MOST_CREDITS}}

    def get_fields(self) -> dict[str, Any]:
        """Only the club's own clients can be named."""
        fields = super().get_fields()
        if self.context.get("club"):
            fields["client"].queryset = Client.objects.filter(club=self.context["club"])  # type: ignore[attr-defined]  # it is a related field
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind = _now_or_before(self.instance, attrs, "kind") or Subscription.Kind.PACK
        number = _now_or_before(self.instance, attrs, "credits")
        if kind == Subscription.Kind.PACK and number is None:
            raise serializers.ValidationError({"credits": _("A pack has a number of lessons.")})
        if kind == Subscription.Kind.PERIOD and number is not None:
            raise serializers.ValidationError({"credits": _("A period has no number of lessons.")})
        if self.instance and number is not None and number < self.instance.used:
            raise serializers.ValidationError({"credits": _("%(used)d lessons were used already.") % {"used": self.instance.used}})
        if self.instance and attrs.get("client", self.instance.client) != self.instance.client:
            raise serializers.ValidationError({"client": _("A subscription stays with its client.")})
        far = [name for name in ("valid_from", "valid_until") if attrs.get(name) and not _is_near(attrs[name])]
        if far:
            raise serializers.ValidationError({name: _("This date is too far away.") for name in far})
        _require_order(self.instance, attrs, "valid_from", "valid_until", _("It ends before it begins."))
        return attrs


class RuleSerializer(serializers.Serializer[Any]):
    every_weeks = serializers.IntegerField(min_value=1, max_value=52, default=1)
    until = serializers.DateField()
    without = serializers.ListField(
        child=serializers.DateField(), max_length=planner.MOST_DATES, default=list, help_text="Dates on which no lesson is wanted."
    )
    despite = serializers.ListField(
        child=serializers.DateField(), max_length=planner.MOST_DATES, default=list, help_text="Closed days on which it is, all the same."
    )

    def validate(self, attrs: dict[str, Any]) -> Any:
        return planner.Rule(attrs["until"], attrs["every_weeks"], frozenset(attrs["without"]), frozenset(attrs["despite"]))


class InstantField(serializers.DateTimeField):
    """ISO 8601; without an offset it is the club's local time (the view has put it in force), which must exist, and once."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value) if value.tzinfo else planner.instant(value, timezone.get_current_timezone())
        except planner.NotOneInstant as error:
            raise serializers.ValidationError(str(error)) from error
        except OverflowError:
            self.fail("overflow")


class EnrolmentSerializer(serializers.ModelSerializer[Enrolment]):
    client = serializers.IntegerField(source="client_id")

    class Meta:
        model = Enrolment
        fields = ["client", "status", "attendance"]


class ReminderSerializer(serializers.Serializer[Any]):
    due_at = InstantField()
    sent_at = InstantField(allow_null=True)


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    teacher = serializers.IntegerField(source="teacher_id")
    teacher_name = serializers.SerializerMethodField()
    place = serializers.CharField(source="place.name")
    starts_at = InstantField()
    ends_at = InstantField()
    clients = serializers.SerializerMethodField(help_text="Who has a place.")
    waiting = serializers.SerializerMethodField(help_text="Who waits for one, the first in turn first.")
    enrolled = serializers.SerializerMethodField()
    enrolments = serializers.SerializerMethodField()
    series = serializers.IntegerField(source="series_id", allow_null=True)
    reminder = serializers.SerializerMethodField()
    version = serializers.CharField(source="full_version", help_text="Sent back with a change, it tells whether somebody was faster.")

    class Meta:
        model = Lesson
        fields = [
            "id", "title", "teacher", "teacher_name", "place", "starts_at", "ends_at", "duration_minutes", "capacity", "enrolled",
            "clients", "waiting", "status", "series", "reminder", "enrolments", "version",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_teacher_name(self, lesson: Lesson) -> str:
        return str(lesson.teacher)

    def get_clients(self, lesson: Lesson) -> list[int]:
        return [row.client_id for row in lesson.holding_rows]

    def get_waiting(self, lesson: Lesson) -> list[int]:
        return [row.client_id for row in lesson.waiting_rows]

    def get_enrolled(self, lesson: Lesson) -> int:
        return len(lesson.holding_rows)

    @extend_schema_field(EnrolmentSerializer(many=True))
    def get_enrolments(self, lesson: Lesson) -> list[dict[str, Any]]:
        return list(EnrolmentSerializer(lesson.holding_rows, many=True).data)

    @extend_schema_field(ReminderSerializer(allow_null=True))
    def get_reminder(self, lesson: Lesson) -> dict[str, Any] | None:
        if lesson.reminder_due_at is None:
            return None
        times = {"due_at": lesson.reminder_due_at, "sent_at": lesson.reminder_sent_at}
        return dict(ReminderSerializer(times, context=self.context).data)


class JobReferenceSerializer(serializers.Serializer[Any]):
    token = serializers.UUIDField()
    status = serializers.CharField()
    status_url = serializers.CharField()


class CreatedLessonSerializer(serializers.Serializer[Any]):
    lesson = LessonSerializer()
    job = JobReferenceSerializer(allow_null=True, help_text="Null when the request is repeated after the job was cleaned away.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        lesson = LessonSerializer(instance.lesson, context=self.context).data
        return {"lesson": lesson, "job": job_reference(instance.job) if instance.job else None}


class ScopeSerializer(serializers.Serializer[Any]):
    """Which lessons of a series are meant; and in `version`, what was on the screen when the person decided."""

    scope = serializers.ChoiceField(choices=Change.Scope.choices, default=Change.Scope.THIS)
    version = serializers.CharField(max_length=40, required=False, default="")


class ChangeLessonSerializer(serializers.Serializer[Any]):
    """What change_lesson wants: only what is to be other than it is."""

    title = serializers.CharField(max_length=120, required=False)
    teacher = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    place = serializers.CharField(max_length=60, required=False)
    starts_at = InstantField(required=False, help_text="Without an offset it is the club's local time.")
    duration_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_CLIENTS, required=False)
    clients = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        required=False,
        max_length=MOST_CLIENTS,
        help_text="Who is to have a place: others are cancelled by the club's rule; whoever finds no place waits for one. With `version`, "
        "a list that was read before somebody came or left is refused (409).",
    )
    version = serializers.CharField(max_length=40, required=False)
    leave_stuck = serializers.BooleanField(required=False, help_text="Lessons of the series that cannot follow stay as they are.")


class LeftDateSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    reason = serializers.CharField()


class ChangeSerializer(serializers.ModelSerializer[Change]):
    lessons = serializers.ListField(source="lesson_ids", child=serializers.IntegerField())
    left = LeftDateSerializer(many=True, help_text="The dates that could not follow, and stay as they were.")
    undo_until = InstantField(allow_null=True)
    undo_url = serializers.SerializerMethodField(help_text="Null when it cannot be taken back, as where new places are given already.")

    class Meta:
        model = Change
        fields = ["id", "kind", "scope", "lessons", "left", "undo_url", "undo_until"]
        read_only_fields = fields

    def to_representation(self, instance: Change) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return shown if shown["undo_url"] else {**shown, "undo_until": None}

    def get_undo_url(self, change: Change) -> str | None:
        offered = change.undoes_id is None and not why_not_undone(change)
        return f"/api/lessons/changes/{change.pk}/undo/" if offered else None


class DecidedSerializer(serializers.Serializer[Any]):
    lesson = LessonSerializer()
    job = JobReferenceSerializer(allow_null=True, help_text="Null when nothing changed.")
    change = ChangeSerializer(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        change = ChangeSerializer(instance.change, context=self.context).data if instance.change else None
        return {**CreatedLessonSerializer(instance, context=self.context).data, "change": change}


class NewLessonSerializer(serializers.Serializer[Any]):
    """What create_lesson wants."""

    title = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    teacher = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    place = serializers.CharField(max_length=60, help_text="By its name; a name that the club does not know makes a new place.")
    starts_at = InstantField(help_text="Without an offset it is the club's local time.")
    duration_minutes = serializers.IntegerField(min_value=1, max_value=1440)
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_CLIENTS)
    clients = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), required=False, default=list, max_length=MOST_CLIENTS
    )
    repeat = RuleSerializer(required=False, allow_null=True, default=None)


class PreviewSerializer(NewLessonSerializer):
    """The same fields in a query: `clients=1&clients=2`, `repeat.every_weeks=1&repeat.until=2027-06-30` or `repeat=` and JSON."""

    place = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_CLIENTS, required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = {name: data.getlist(name) if name == "clients" else data[name] for name in data}
        rule = {name: values.pop(f"repeat.{name}") for name in ("every_weeks", "until") if f"repeat.{name}" in values}
        rule |= {name: data.getlist(f"repeat.{name}") for name in ("without", "despite") if f"repeat.{name}" in data and rule}
        values["repeat"] = rule or _parsed(values.get("repeat"))
        return super().to_internal_value(values)


class PlannedDateSerializer(serializers.Serializer[Any]):
    date = serializers.DateField(source="day")
    starts_at = InstantField(allow_null=True)
    ok = serializers.BooleanField(help_text="Whether a lesson would be made on this date.")
    reason = serializers.CharField(help_text="Why not; or, on a date that is kept, what to know about it.")
    switchable = serializers.BooleanField(help_text="Whether `without` or `despite` may decide otherwise.")


class PlannedDatesSerializer(serializers.Serializer[Any]):
    """In the shape of a list, though it always fits one page."""

    count = serializers.SerializerMethodField()
    next = serializers.CharField(read_only=True, allow_null=True, default=None)
    previous = serializers.CharField(read_only=True, allow_null=True, default=None)
    results = PlannedDateSerializer(many=True)

    def get_count(self, planned: dict[str, Any]) -> int:
        return len(planned["results"])


class ClubSettingsSerializer(serializers.ModelSerializer[Club]):
    version = serializers.IntegerField(
        source="settings_version", min_value=1, required=False, help_text="Sent back with a change, it tells whether somebody was faster."
    )

    class Meta:
        model = Club
        fields = ["id", *CLUB_SETTINGS, "version"]
        extra_kwargs = {name: {"max_value": MOST_HOURS} for name in HOURS}


class ClubSerializer(serializers.ModelSerializer[Membership]):
    id = serializers.IntegerField(source="club_id")
    name = serializers.CharField(source="club.name")

    class Meta:
        model = Membership
        fields = ["id", "name", "role"]


class MeSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    clubs = ClubSerializer(many=True)
    language = serializers.CharField()


def _parsed(text: str | None) -> Any:
    """JSON where it is JSON; the rule's own serializer says what is wrong with anything else."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def _now_or_before(instance: Any, attrs: dict[str, Any], name: str) -> Any:
    return attrs[name] if name in attrs else getattr(instance, name, None)


def _is_near(day: date) -> bool:
    """A year outside is a slip of the keyboard."""
    return planner.FIRST_YEAR <= day.year <= planner.LAST_YEAR


def _require_order(instance: Any, attrs: dict[str, Any], first: str, last: str, problem: str) -> None:
    begin, end = (_now_or_before(instance, attrs, name) for name in (first, last))
    if begin and end and end < begin:
        raise serializers.ValidationError({last: problem})
