"""Every write of the letters. One door, four rooms: the club's words, sending, one letter's delivery, and the demo."""

from .delivery import deliver, read_pdf, send_test, settle_lost_letters
from .demo import fill_demo_letters
from .retrying import Retry, cancel_letter, mark_bounced, resolve_unsure, retry_failed, retry_letter
from .sending import EVERYBODY, WORDING_PAGE, NotInClub, Refused, SendingPlan, preview_sending, request_test, send_letters
from .words import changed_wording, latest_wording, preview_letter, save_facts, save_wording, today_of

__all__ = [
    "EVERYBODY",
    "WORDING_PAGE",
    "NotInClub",
    "Refused",
    "Retry",
    "SendingPlan",
    "cancel_letter",
    "changed_wording",
    "deliver",
    "fill_demo_letters",
    "latest_wording",
    "mark_bounced",
    "preview_letter",
    "preview_sending",
    "read_pdf",
    "request_test",
    "resolve_unsure",
    "retry_failed",
    "retry_letter",
    "save_facts",
    "save_wording",
    "send_letters",
    "send_test",
    "settle_lost_letters",
    "today_of",
]
