"""Every write of the letters. One door; behind it the club's words, sending, writing, delivery, second chances, reports of a mail
service, the volunteers, and the demo."""

from .delivery import deliver, read_pdf, send_test, settle_lost_letters
from .demo import fill_demo_letters
from .people import import_volunteers, save_volunteer
from .reports import mark_arrived, mark_bounced, mark_complained
from .retrying import Retry, resolve_unsure, retry_failed, retry_letter
from .sending import EVERYBODY, WORDING_PAGE, NotInClub, Refused, SendingPlan, preview_sending, request_test, send_letters
from .stopping import Stop, cancel_letter, cancel_waiting
from .words import changed_wording, figures_of, latest_wording, preview_letter, save_facts, save_wording, today_of
from .writing import complete_lost_sendings, complete_sendings, wording_once_complete

__all__ = [
    "EVERYBODY",
    "WORDING_PAGE",
    "NotInClub",
    "Refused",
    "Retry",
    "SendingPlan",
    "Stop",
    "cancel_letter",
    "cancel_waiting",
    "changed_wording",
    "complete_lost_sendings",
    "complete_sendings",
    "deliver",
    "figures_of",
    "fill_demo_letters",
    "import_volunteers",
    "latest_wording",
    "mark_arrived",
    "mark_bounced",
    "mark_complained",
    "preview_letter",
    "preview_sending",
    "read_pdf",
    "request_test",
    "resolve_unsure",
    "retry_failed",
    "retry_letter",
    "save_facts",
    "save_volunteer",
    "save_wording",
    "send_letters",
    "send_test",
    "settle_lost_letters",
    "today_of",
    "wording_once_complete",
]
