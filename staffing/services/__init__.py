"""Every write of staffing."""

from .running import NotInClub, Refused, finish_run, start_run

__all__ = ["NotInClub", "Refused", "finish_run", "start_run"]
