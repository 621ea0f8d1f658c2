"""Rows of another table beside each row, as one value."""

from typing import Any

from django.db.models import JSONField, QuerySet, Subquery
from django.db.models.functions import JSONObject


class JSONRows(Subquery):
    """A list of dictionaries, in the order of `rows`: a page that shows two tables asks once.

    `fields` are what JSON can hold: moments and decimals become text or lose digits.
    """

    output_field = JSONField()
    template = "(SELECT COALESCE(JSONB_AGG(of_rows.line), '[]'::jsonb) FROM (%(subquery)s) of_rows)"
    sqlite_template = "(SELECT JSON_GROUP_ARRAY(JSON(of_rows.line)) FROM (%(subquery)s) of_rows)"

    def __init__(self, rows: QuerySet[Any], **fields: Any) -> None:
        super().__init__(rows.values(line=JSONObject(**fields)))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite_template, **extra)
