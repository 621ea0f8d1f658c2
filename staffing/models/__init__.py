"""What the work of an organisation consists of, and what simulations made of it."""

from .imports import ReferenceImport
from .reference import Centre, Direction, ReferenceReads, ReferenceState, ReferenceTask, Volume
from .runs import CentreResult, Simulation

__all__ = [
    "Centre",
    "CentreResult",
    "Direction",
    "ReferenceImport",
    "ReferenceReads",
    "ReferenceState",
    "ReferenceTask",
    "Simulation",
    "Volume",
]
