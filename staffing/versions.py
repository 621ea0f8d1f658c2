"""The triggers that count every write of the reference data, whoever makes it: service, admin, import, bulk update or SQL.

On Postgres once a statement, on SQLite once a row, for it knows nothing else. They run in the writer's own transaction: with its
commit, and not before, all processes read the new stamp.

Counting makes all writers of a club meet at one row, and each comes there with rows of its own locked: two could wait for each other
for ever. So on Postgres there is one writer at a time (SQLite has no other kind): a trigger takes a lock before a statement touches
its first row. It is one lock for all clubs, because before its first row a statement does not say whose rows they are; readers and
runs never wait for it.
"""

from django.db import connection

WRITERS_LOCK = 0x5354_4146_4649_4E47  # any number; the locks of jobs are hashes of random owners

TABLES = {
    # how a changed row is traced to its club
    "staffing_direction": "SELECT club_id FROM {rows}",
    "staffing_centre": "SELECT d.club_id FROM {rows} r JOIN staffing_direction d ON d.id = r.direction_id",
    "staffing_referencetask": "SELECT club_id FROM {rows}",
    "staffing_volume": (
        "SELECT d.club_id FROM {rows} r JOIN staffing_centre c ON c.id = r.centre_id JOIN staffing_direction d ON d.id = c.direction_id"
        " UNION SELECT t.club_id FROM {rows} r JOIN staffing_referencetask t ON t.id = r.task_id"
    ),
}
LEADING_TO_THE_CLUB = {"staffing_centre": ["direction_id"], "staffing_volume": ["centre_id", "task_id"]}
ROWS_SEEN = {"insert": ["new"], "update": ["old", "new"], "delete": ["old"]}

COUNT = """
    INSERT INTO staffing_referencestate (club_id, version, stamp, changed_at)
    SELECT club_id, 1, {stamp}, {now} FROM (SELECT DISTINCT club_id FROM ({clubs}) AS written) AS clubs WHERE club_id IS NOT NULL
    ON CONFLICT (club_id) DO UPDATE SET
        version = staffing_referencestate.version + 1, stamp = excluded.stamp, changed_at = excluded.changed_at;"""
# A deletion may be that of the club itself: nothing of it may come back.
COUNT_A_DELETION = """
    UPDATE staffing_referencestate SET version = version + 1, stamp = {stamp}, changed_at = {now} WHERE club_id IN ({clubs});"""


def statement_for(event: str) -> str:
    return COUNT_A_DELETION if event == "delete" else COUNT


def wait_for_other_writers() -> None:
    """For a writer that reads first what it then writes. Until the end of the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS_LOCK])


def locking_triggers() -> list[str]:
    name = "staffing_one_writer"
    body = f"BEGIN PERFORM pg_advisory_xact_lock({WRITERS_LOCK}); RETURN NULL; END"
    return [f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"] + [
        f"CREATE TRIGGER {table}_{name} BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        for table in TABLES
    ]


def postgres_triggers() -> list[str]:
    statements = []
    for table, clubs in TABLES.items():
        for event, seen in ROWS_SEEN.items():
            union = " UNION ".join(clubs.format(rows=f"{rows}_rows") for rows in seen)
            count = statement_for(event).format(stamp="gen_random_uuid()::text", now="clock_timestamp()", clubs=union)
            referencing = " ".join(f"{rows.upper()} TABLE AS {rows}_rows" for rows in seen)
            name = f"{table}_{event}_counted"
            statements += [
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {count} RETURN NULL; END $$",
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING {referencing}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ]
    return statements


def sqlite_triggers() -> list[str]:
    statements = []
    for table, clubs in TABLES.items():
        for event, seen in ROWS_SEEN.items():
            columns = LEADING_TO_THE_CLUB.get(table, ["club_id"])
            one_row = {rows: f"(SELECT {', '.join(f'{rows}.{column} AS {column}' for column in columns)})" for rows in seen}
            union = " UNION ".join(clubs.format(rows=one_row[rows]) for rows in seen)
            count = statement_for(event).format(stamp="lower(hex(randomblob(16)))", now="strftime('%Y-%m-%d %H:%M:%f', 'now')", clubs=union)
            statements.append(f"CREATE TRIGGER {table}_{event}_counted AFTER {event.upper()} ON {table} BEGIN {count} END")
    return statements


def drop_triggers(vendor: str) -> list[str]:
    names = [(table, f"{table}_{event}_counted") for table in TABLES for event in ROWS_SEEN]
    if vendor == "postgresql":
        return [f"DROP FUNCTION {name} CASCADE" for _table, name in names]
    return [f"DROP TRIGGER {name}" for _table, name in names]
