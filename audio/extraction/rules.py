"""The embedded extractor: French and English, without a network, from what people really say."""

from datetime import date

from .addresses import find_address
from .ages import find_age, find_birth_date
from .availability import find_availability
from .emails import find_email
from .found import FIELDS, Extraction, Found
from .names import find_names
from .notes import find_notes
from .orders import without_orders
from .phones import find_phone
from .riding import find_horse, find_level
from .speech import Speech


def extract_by_rules(transcript: str, *, language: str, today: date) -> Extraction:
    speech = Speech(without_orders(transcript), language)
    names = find_names(speech)
    birth_date = find_birth_date(speech, today)
    found: dict[str, Found | None] = {
        **names,
        "email": find_email(speech),
        "phone": find_phone(speech),
        "birth_date": birth_date,
        "age": None if birth_date else find_age(speech, names.get("last_name") or names.get("first_name")),  # what a date says already
        "address": find_address(speech),
        "level": find_level(speech),
        "horse": find_horse(speech),
        "availability": find_availability(speech),
        "notes": find_notes(speech),
    }
    return Extraction({name: item for name in FIELDS if (item := found.get(name))})
