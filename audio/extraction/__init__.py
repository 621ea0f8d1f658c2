"""From a transcript to a client's fields: `extract(transcript, language=…, today=…)`."""

from .found import FIELDS, Extraction, Found
from .rules import extract_by_rules

__all__ = ["FIELDS", "Extraction", "Found", "extract_by_rules"]
