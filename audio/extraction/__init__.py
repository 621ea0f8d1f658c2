"""From a transcript to a client's fields, each with the words that say it."""

from datetime import date

from django.conf import settings

from .found import FIELDS, Extraction, Found

__all__ = ["FIELDS", "Extraction", "Found", "extract"]


def extract(transcript: str, *, language: str, today: date) -> Extraction:
    """By the extractor that the setting EXTRACTOR names. Raises jobs' PermanentError or RetryableError with a text for people."""
    if settings.EXTRACTOR == "openai":
        from .language_model import extract_by_model  # the SDK takes half a second to import: only where it is used

        return extract_by_model(transcript, language=language, today=today)
    from .rules import extract_by_rules

    return extract_by_rules(transcript, language=language, today=today)
