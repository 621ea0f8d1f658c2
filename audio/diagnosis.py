"""Whether a part can do its work here, and what to do where it cannot."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Diagnosis:
    level: Literal["ok", "warn", "fail"]
    what: str
    remedy: str = ""
