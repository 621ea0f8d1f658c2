"""The club itself: people, lessons, what was paid with, and what was told to whom."""

from .calendars import CalendarFeed, new_secret
from .changes import Change
from .club import CLUB_SETTINGS, HOURS, MOST_HOURS, Client, Closure, Club, Membership, Person, Place, Teacher, validate_time_zone
from .json_rows import JSONRows
from .notices import Notice, NoticeQuerySet, new_message_id
from .planning import (
    GONE,
    HOLDING,
    LONGEST_LESSON,
    Attendance,
    Enrolment,
    EnrolmentQuerySet,
    Lesson,
    LessonQuerySet,
    Reminder,
    Series,
    places_held,
    places_wanted,
    waiting_order,
)
from .programmes import (
    Evaluation,
    Programme,
    ProgrammeAssignment,
    ProgrammeQuerySet,
    Realisation,
    Skill,
    TaskAssignment,
)
from .subscriptions import Subscription, SubscriptionQuerySet, SubscriptionUse, SubscriptionUseQuerySet

__all__ = [
    "CLUB_SETTINGS",
    "GONE",
    "HOLDING",
    "HOURS",
    "LONGEST_LESSON",
    "MOST_HOURS",
    "Attendance",
    "CalendarFeed",
    "Change",
    "Client",
    "Closure",
    "Club",
    "Enrolment",
    "EnrolmentQuerySet",
    "Evaluation",
    "JSONRows",
    "Lesson",
    "LessonQuerySet",
    "Membership",
    "Notice",
    "NoticeQuerySet",
    "Person",
    "Place",
    "Programme",
    "ProgrammeAssignment",
    "ProgrammeQuerySet",
    "Realisation",
    "Reminder",
    "Series",
    "Skill",
    "Subscription",
    "SubscriptionQuerySet",
    "SubscriptionUse",
    "SubscriptionUseQuerySet",
    "TaskAssignment",
    "Teacher",
    "new_message_id",
    "new_secret",
    "places_held",
    "places_wanted",
    "validate_time_zone",
    "waiting_order",
]
