"""Every write of the club's data. One door, and its rooms: booking, what follows a booking, mail, people and cards, programmes."""

from .booking import CreatedLesson, Fix, NotInClub, Refused, create_lesson, preview_lesson
from .demo import fill_demo
from .demo_programmes import fill_demo_programmes
from .follow_up import consume_subscriptions, plan_reminders, repeat_lesson, summarise, write_notices
from .mail import confirm_notice_arrived, mark_lost_notices, resend_notice, send_due_reminders, send_notice
from .people import InUse, change, create_client, create_closure, create_subscription, create_teacher, remove
from .programmes import MOST_SKILLS, Overtaken, ProgrammeRefused, SkillDraft, change_programme, create_programme, delete_programme
from .realisations import (
    MOST_CLIENTS_ASSIGNED,
    MarkedMeanwhile,
    assign_programme,
    assign_tasks,
    make_realisations,
    mark_progress,
    sync_evaluations,
    undo_assignment,
    withdraw_client,
)

__all__ = [
    "MOST_CLIENTS_ASSIGNED",
    "MOST_SKILLS",
    "CreatedLesson",
    "Fix",
    "InUse",
    "MarkedMeanwhile",
    "NotInClub",
    "Overtaken",
    "ProgrammeRefused",
    "Refused",
    "SkillDraft",
    "assign_programme",
    "assign_tasks",
    "change",
    "change_programme",
    "confirm_notice_arrived",
    "consume_subscriptions",
    "create_client",
    "create_closure",
    "create_lesson",
    "create_programme",
    "create_subscription",
    "create_teacher",
    "delete_programme",
    "fill_demo",
    "fill_demo_programmes",
    "make_realisations",
    "mark_lost_notices",
    "mark_progress",
    "plan_reminders",
    "preview_lesson",
    "remove",
    "repeat_lesson",
    "resend_notice",
    "send_due_reminders",
    "send_notice",
    "summarise",
    "sync_evaluations",
    "undo_assignment",
    "withdraw_client",
    "write_notices",
]
