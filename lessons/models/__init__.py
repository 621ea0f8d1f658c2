"""The club itself: people, lessons, what was paid with, and what was told to whom."""

from .club import Client, Closure, Club, Membership, Person, Place, Teacher, validate_time_zone
from .notices import Notice, NoticeQuerySet, new_message_id
from .planning import LONGEST_LESSON, Enrolment, Lesson, LessonQuerySet, Reminder, Series
from .programmes import (
    Evaluation,
    Programme,
    ProgrammeAssignment,
    ProgrammeQuerySet,
    Realisation,
    Skill,
    TaskAssignment,
)
from .subscriptions import Subscription, SubscriptionUse

__all__ = [
    "LONGEST_LESSON",
    "Client",
    "Closure",
    "Club",
    "Enrolment",
    "Evaluation",
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
    "SubscriptionUse",
    "TaskAssignment",
    "Teacher",
    "new_message_id",
    "validate_time_zone",
]
