"""The lines of a result in one statement: 5,000 in 70 ms, against 200 with bulk_create."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

# A centre that was deleted since it was read keeps its line, without a link.
INSERT = """
    INSERT INTO staffing_centreresult
        (simulation_id, centre_id, direction_code, direction_name, code, name, work, headcount)
    SELECT %s, there.id, {columns} FROM {rows} LEFT JOIN staffing_centre AS there ON there.id = {centre}"""
ON_POSTGRES = INSERT.format(
    columns="line ->> 1, line ->> 2, line ->> 3, line ->> 4, (line ->> 5)::bigint, (line ->> 6)::numeric",
    rows="json_array_elements(%s) AS line",
    centre="(line ->> 0)::bigint",
)
ON_SQLITE = INSERT.format(
    columns=", ".join(f"json_extract(line.value, '$[{number}]')" for number in range(1, 6))
    + ", CAST(json_extract(line.value, '$[6]') AS REAL)",
    rows="json_each(%s) AS line",
    centre="json_extract(line.value, '$[0]')",
)


class CentreLine(NamedTuple):
    centre: int
    direction_code: str
    direction_name: str
    code: str
    name: str
    work: int
    headcount: str  # a decimal


def insert_results(simulation: int, lines: Sequence[CentreLine]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ON_POSTGRES if connection.vendor == "postgresql" else ON_SQLITE, [simulation, json.dumps(lines)])
