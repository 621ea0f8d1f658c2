"""Every write of staffing."""

from .running import Refused, finish_run, start_run

__all__ = ["Refused", "finish_run", "start_run"]
