"""Every write of staffing."""

from .demo import make_reference_set
from .importing import apply_import, check_import, start_import, write_import
from .running import NotInClub, Refused, finish_run, out_of_range, start_run

__all__ = [
    "NotInClub",
    "Refused",
    "apply_import",
    "check_import",
    "finish_run",
    "make_reference_set",
    "out_of_range",
    "start_import",
    "start_run",
    "write_import",
]
