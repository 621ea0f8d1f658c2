"""The pages of the letters, for managers. Each action is a form: it works without JavaScript."""

from .letters import arrived, cancel, letters, log, pdf, retry_all, send, send_again, stop
from .teachers import import_teachers, teacher
from .wording import draft_pdf, preview, preview_pdf, send_test, wording

__all__ = [
    "arrived",
    "cancel",
    "draft_pdf",
    "import_teachers",
    "letters",
    "log",
    "pdf",
    "preview",
    "preview_pdf",
    "retry_all",
    "send",
    "send_again",
    "send_test",
    "stop",
    "teacher",
    "wording",
]
