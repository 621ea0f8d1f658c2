"""What an extractor gives back: values, each with the words that it was read from."""

from dataclasses import dataclass, field

FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "birth_date",
    "age",
    "address",
    "level",
    "horse",
    "availability",
    "notes",
)


@dataclass(frozen=True)
class Found:
    """`words` stand at `transcript[start:end]`, letter for letter."""

    value: str
    words: str
    start: int
    end: int


@dataclass(frozen=True)
class Extraction:
    """`fields` holds only what was said; the keys are among FIELDS."""

    fields: dict[str, Found] = field(default_factory=dict)
