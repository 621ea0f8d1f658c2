"""The pages of staffing."""

from .choosing import centres
from .importing import apply_import, imported, reference_data
from .runs import cancel, chart, compare_runs, export, run, staffing, start

__all__ = [
    "apply_import", "cancel", "centres", "chart", "compare_runs", "export", "imported", "reference_data", "run", "staffing", "start",
]  # fmt: skip
