"""Every write of the club's data. One door, and its rooms: booking, what follows a booking, mail, people and cards, programmes."""

from .after_change import lock_change, move_reminders, settle_credits, tell_of_change
from .after_enrolment import Settled, settle_enrolments, tell_of_enrolments
from .booking import CreatedLesson, Fix, NotInClub, Refused, create_lesson, preview_lesson
from .cancelling import cancel_lesson, cancel_lessons_of_closure, lessons_of_closure, undo_change, why_not_undone
from .changing import change_lesson
from .club import change_club
from .credit import mark_paid_otherwise, mark_unpaid, pay_lessons, return_credits, settle_unpaid
from .deciding import Decided, OutOfDate
from .demo import fill_demo
from .demo_programmes import fill_demo_programmes
from .enrolling import cancel_enrolments, enrol_clients, leave_lessons, mark_attendance, promote_waiting, set_clients
from .feeds import close_feed, open_feed, renew_feed
from .follow_up import consume_subscriptions, lock_new_lesson, plan_reminders, plan_reminders_anew, repeat_lesson, summarise, write_notices
from .mail import confirm_notice_arrived, mark_lost_notices, resend_notice, send_due_reminders, send_notice
from .people import InUse, change, create_client, create_closure, create_subscription, create_teacher, lock_history, remove, remove_locked
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
from .subscriptions import change_subscription, problems_of_change, sell_subscription

__all__ = [
    "MOST_CLIENTS_ASSIGNED",
    "MOST_SKILLS",
    "CreatedLesson",
    "Decided",
    "Fix",
    "InUse",
    "MarkedMeanwhile",
    "NotInClub",
    "OutOfDate",
    "Overtaken",
    "ProgrammeRefused",
    "Refused",
    "Settled",
    "SkillDraft",
    "assign_programme",
    "assign_tasks",
    "cancel_enrolments",
    "cancel_lesson",
    "cancel_lessons_of_closure",
    "change",
    "change_club",
    "change_lesson",
    "change_programme",
    "change_subscription",
    "close_feed",
    "confirm_notice_arrived",
    "consume_subscriptions",
    "create_client",
    "create_closure",
    "create_lesson",
    "create_programme",
    "create_subscription",
    "create_teacher",
    "delete_programme",
    "enrol_clients",
    "fill_demo",
    "fill_demo_programmes",
    "leave_lessons",
    "lessons_of_closure",
    "lock_change",
    "lock_history",
    "lock_new_lesson",
    "make_realisations",
    "mark_attendance",
    "mark_lost_notices",
    "mark_paid_otherwise",
    "mark_progress",
    "mark_unpaid",
    "move_reminders",
    "open_feed",
    "pay_lessons",
    "plan_reminders",
    "plan_reminders_anew",
    "preview_lesson",
    "problems_of_change",
    "promote_waiting",
    "remove",
    "remove_locked",
    "renew_feed",
    "repeat_lesson",
    "resend_notice",
    "return_credits",
    "sell_subscription",
    "send_due_reminders",
    "send_notice",
    "set_clients",
    "settle_credits",
    "settle_enrolments",
    "settle_unpaid",
    "summarise",
    "sync_evaluations",
    "tell_of_change",
    "tell_of_enrolments",
    "undo_assignment",
    "undo_change",
    "why_not_undone",
    "withdraw_client",
    "write_notices",
]
