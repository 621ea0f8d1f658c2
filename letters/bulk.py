"""Many letters in one statement: copies of the first, each to somebody else. 1,000 in 35 ms, against 300 with bulk_create."""

import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from lessons.models import new_message_id

from .models import VolunteerLetterSend

OWN = ("teacher_id", "teacher_name", "recipient_email", "job_id", "message_id")
SHARED = [f'"{field.column}"' for field in VolunteerLetterSend._meta.concrete_fields if field.column not in ("id", *OWN)]
COPY_FIRST = f"""
    INSERT INTO volunteer_letter_sends ({", ".join([*OWN, *SHARED])})
    SELECT {{new}}, {", ".join(f"first.{column}" for column in SHARED)} FROM {{source}}, volunteer_letter_sends AS first
    WHERE first.id = %s"""  # noqa: S608  names of our own columns
COPY_ON_POSTGRES = COPY_FIRST.format(  # JSON, because the driver takes six times as long to write arrays
    new="new.teacher_id::bigint, new.teacher_name, new.recipient_email, new.job_id::uuid, new.message_id",
    source=f"ROWS FROM ({', '.join(['json_array_elements_text(%s)'] * len(OWN))}) AS new ({', '.join(OWN)})",
)
# At commit Postgres checks each row's foreign keys by the plan that this session made first, perhaps when the tables were almost
# empty: then it reads all of them for each row. 10,000 letters took 3 s and more, and now 0.3.
FORGET_PLANS = "DISCARD PLANS"
COPY_ON_SQLITE = COPY_FIRST.format(
    new=", ".join(f"json_extract(new.value, '$[{number}]')" for number in range(len(OWN))), source="json_each(%s) AS new"
)


class Recipient(NamedTuple):
    teacher: int
    name: str
    email: str
    job: UUID | None


def insert_copies(letter: VolunteerLetterSend, recipients: Sequence[Recipient]) -> None:
    """`letter` is unsaved and says all that they share."""
    first, *rest = recipients
    letter.teacher_id, letter.teacher_name, letter.recipient_email, letter.job_id = first
    letter.save(force_insert=True)
    if not rest:
        return
    rows = [(to.teacher, to.name, to.email, to.job and to.job.hex, new_message_id()) for to in rest]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(COPY_ON_POSTGRES, [*(json.dumps(column) for column in zip(*rows, strict=True)), letter.pk])
            cursor.execute(FORGET_PLANS)
        else:
            cursor.execute(COPY_ON_SQLITE, [json.dumps(rows), letter.pk])
