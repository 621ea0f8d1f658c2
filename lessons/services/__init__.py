"""Every write of the club's data. One door, four rooms: booking, what follows a booking, mail, and the club's people and cards."""

from .booking import CreatedLesson, Fix, NotInClub, Refused, create_lesson, preview_lesson
from .credit import mark_paid_otherwise, mark_unpaid, pay_lessons, return_credits, settle_unpaid
from .demo import fill_demo
from .feeds import close_feed, open_feed, renew_feed
from .follow_up import consume_subscriptions, plan_reminders, plan_reminders_anew, repeat_lesson, summarise, write_notices
from .mail import confirm_notice_arrived, mark_lost_notices, resend_notice, send_due_reminders, send_notice
from .people import InUse, change, create_client, create_closure, create_subscription, create_teacher, remove
from .subscriptions import change_subscription, sell_subscription

__all__ = [
    "CreatedLesson",
    "Fix",
    "InUse",
    "NotInClub",
    "Refused",
    "change",
    "change_subscription",
    "close_feed",
    "confirm_notice_arrived",
    "consume_subscriptions",
    "create_client",
    "create_closure",
    "create_lesson",
    "create_subscription",
    "create_teacher",
    "fill_demo",
    "mark_lost_notices",
    "mark_paid_otherwise",
    "mark_unpaid",
    "open_feed",
    "pay_lessons",
    "plan_reminders",
    "plan_reminders_anew",
    "preview_lesson",
    "remove",
    "renew_feed",
    "repeat_lesson",
    "resend_notice",
    "return_credits",
    "sell_subscription",
    "send_due_reminders",
    "send_notice",
    "settle_unpaid",
    "summarise",
    "write_notices",
]
