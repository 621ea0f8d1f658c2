"""The club itself: people, lessons, what was paid with, and what was told to whom."""

from .changes import Change
from .club import Client, Closure, Club, Membership, Person, Place, Teacher, validate_time_zone
from .notices import Notice, NoticeQuerySet, new_message_id
from .planning import LONGEST_LESSON, Enrolment, Lesson, LessonQuerySet, Reminder, Series
from .subscriptions import Subscription, SubscriptionUse

__all__ = [
    "LONGEST_LESSON",
    "Change",
    "Client",
    "Closure",
    "Club",
    "Enrolment",
    "Lesson",
    "LessonQuerySet",
    "Membership",
    "Notice",
    "NoticeQuerySet",
    "Person",
    "Place",
    "Reminder",
    "Series",
    "Subscription",
    "SubscriptionUse",
    "Teacher",
    "new_message_id",
    "validate_time_zone",
]
