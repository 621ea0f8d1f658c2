"""How a line of a file becomes a row: django-import-export reads and checks; what is to be written is kept until all was read.

A line is known again by its codes, so a file may be imported twice; nothing is ever deleted by an import.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from lessons.models import Club

from .bulk import upsert_volumes
from .models import Centre, Direction, ReferenceTask, Volume

ROWS_A_STATEMENT = 2000
AMBIGUOUS = object()


@dataclass
class Known:
    """What the lines refer to by code: what the club has, and in a dry run what the file itself would add."""

    club: Club
    directions: dict[str, Direction] = field(default_factory=dict)
    centres: dict[tuple[str, str], Centre] = field(default_factory=dict)
    tasks: dict[str, ReferenceTask] = field(default_factory=dict)
    centres_by_code: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directions = {each.code: each for each in Direction.objects.filter(club=self.club)}
        self.tasks = {each.code: each for each in ReferenceTask.objects.filter(club=self.club)}
        for centre in Centre.objects.filter(direction__club=self.club).select_related("direction"):
            self.add_centre(centre)

    def add_centre(self, centre: Centre) -> None:
        key = (centre.direction.code, centre.code)
        if key not in self.centres:
            self.centres_by_code[centre.code] = AMBIGUOUS if centre.code in self.centres_by_code else centre
        self.centres[key] = centre


class TextWidget(widgets.CharWidget):
    def __init__(self, most: int, *, needed: bool = True) -> None:
        super().__init__()
        self.most, self.needed = most, needed

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").strip()
        if self.needed and not text:
            raise ValueError(_("Must not be empty."))
        if len(text) > self.most or "\0" in text:
            raise ValueError(_("At most %(most)d characters.") % {"most": self.most})
        return text


class NumberWidget(widgets.Widget):
    """As people and spreadsheets write it: 1234.5, 1 234,5 or 1234,50. `least` itself is allowed."""

    def __init__(self, model: Any, name: str, least: str) -> None:
        super().__init__()
        number = model._meta.get_field(name)
        self.places, self.least = number.decimal_places, Decimal(least)
        self.most = Decimal(10) ** (number.max_digits - number.decimal_places)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal:
        text = "".join(str(value or "").split()).replace(",", ".")
        if not text:
            raise ValueError(_("A number is missing."))
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]})
        if number < self.least:
            raise ValueError(_("At least %(least)s.") % {"least": self.least})
        if number >= self.most:
            raise ValueError(_("Less than %(most)s.") % {"most": self.most})
        if number != round(number, self.places):
            raise ValueError(_("At most %(places)d decimal places.") % {"places": self.places})
        return number.quantize(Decimal(10) ** -self.places)


class ByCode(widgets.Widget):
    def __init__(self, find: Callable[[str, dict[str, str]], Any]) -> None:
        super().__init__()
        self.find = find

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        code = str(value or "").strip()
        if not code:
            raise ValueError(_("Must not be empty."))
        found = self.find(code, row)
        if found is AMBIGUOUS:
            raise ValueError(_("“%(code)s” is in several directions: add a column “direction”.") % {"code": code[:40]})
        if found is None:
            raise ValueError(_("There is no “%(code)s”.") % {"code": code[:40]})
        return found


class ReferenceResource(resources.ModelResource):
    """Of one table, which comes in pieces: `begin_piece`, then `import_data`. `known` is shared by the tables of one file."""

    value_fields: tuple[str, ...] = ()
    unique_fields: tuple[str, ...] = ()

    def __init__(self, known: Known) -> None:
        self.known = known
        self.line, self.lines = 0, [0]
        self.seen: dict[Any, int] = {}
        self.there: dict[Any, tuple[Any, ...]] = {}
        self.counts = {"new": 0, "changed": 0, "same": 0}
        self.kept: list[Any] = []  # what `write` writes
        super().__init__()

    def begin_piece(self, rows: list[dict[str, str]], lines: list[int]) -> None:
        self.lines = lines
        self.there = self.rows_there(rows)

    def rows_there(self, rows: list[dict[str, str]]) -> dict[Any, tuple[Any, ...]]:
        """Key → values of what the club has, at least of those that these rows name."""
        raise NotImplementedError

    def key_of(self, instance: Any) -> Any:
        raise NotImplementedError

    def remember(self, instance: Any) -> None:
        """A new one, so that later tables of the same file can refer to it."""

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        self.line = self.lines[kwargs["row_number"] - 1]

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """A line that changes nothing is counted and left out; one that comes twice is a mistake."""
        if import_validation_errors:
            return False
        key = self.key_of(instance)
        if key in self.seen:
            raise ValidationError(_("The same is already on line %(number)d.") % {"number": self.seen[key]})
        self.seen[key] = self.line
        before = self.there.get(key)
        if before is None:
            self.remember(instance)
        values = tuple(getattr(instance, name) for name in self.value_fields)
        outcome = "new" if before is None else "same" if before == values else "changed"
        self.counts[outcome] += 1
        return outcome == "same"

    def bulk_create(self, using_transactions: bool, dry_run: bool, raise_errors: bool, batch_size: Any = None, result: Any = None) -> None:
        if not dry_run:
            self.kept += self.create_instances
        self.create_instances.clear()

    def write(self) -> None:
        """After the tables that this one refers to."""
        self._meta.model.objects.bulk_create(
            self.kept,
            batch_size=ROWS_A_STATEMENT,
            update_conflicts=True,
            unique_fields=self.unique_fields,
            update_fields=self.value_fields,
        )

    class Meta:
        use_bulk = True
        batch_size = ROWS_A_STATEMENT
        force_init_instance = True
        skip_diff = True
        report_skipped = False
        use_transactions = False
        clean_model_instances = False
        import_id_fields: tuple[str, ...] = ()


class DirectionResource(ReferenceResource):
    code = fields.Field("code", "code", TextWidget(20))
    name = fields.Field("name", "name", TextWidget(120))
    value_fields, unique_fields = ("name",), ("club", "code")

    def rows_there(self, rows: list[dict[str, str]]) -> dict[Any, tuple[Any, ...]]:
        return {code: (direction.name,) for code, direction in self.known.directions.items()}

    def key_of(self, instance: Direction) -> str:
        instance.club = self.known.club
        return instance.code

    def remember(self, instance: Direction) -> None:
        self.known.directions[instance.code] = instance

    class Meta(ReferenceResource.Meta):
        model = Direction
        fields = ("code", "name")


class CentreResource(ReferenceResource):
    code = fields.Field("code", "code", TextWidget(20))
    name = fields.Field("name", "name", TextWidget(120))
    headcount = fields.Field("headcount", "headcount", NumberWidget(Centre, "headcount", "0"))
    value_fields, unique_fields = ("name", "headcount"), ("direction", "code")

    def __init__(self, known: Known) -> None:
        super().__init__(known)
        self.fields["direction"] = fields.Field("direction", "direction", ByCode(lambda code, _row: known.directions.get(code)))

    def rows_there(self, rows: list[dict[str, str]]) -> dict[Any, tuple[Any, ...]]:
        return {key: (centre.name, centre.headcount) for key, centre in self.known.centres.items()}

    def key_of(self, instance: Centre) -> tuple[str, str]:
        return (instance.direction.code, instance.code)

    def remember(self, instance: Centre) -> None:
        self.known.add_centre(instance)

    class Meta(ReferenceResource.Meta):
        model = Centre
        fields = ("code", "name", "headcount")


class ReferenceTaskResource(ReferenceResource):
    code = fields.Field("code", "code", TextWidget(20))
    label = fields.Field("label", "label", TextWidget(160))
    family = fields.Field("family", "family", TextWidget(80, needed=False))
    unit = fields.Field("unit", "unit", TextWidget(40, needed=False))
    minutes = fields.Field("minutes", "minutes", NumberWidget(ReferenceTask, "minutes", "0.01"))
    value_fields, unique_fields = ("label", "family", "unit", "minutes"), ("club", "code")

    def rows_there(self, rows: list[dict[str, str]]) -> dict[Any, tuple[Any, ...]]:
        return {code: tuple(getattr(task, name) for name in self.value_fields) for code, task in self.known.tasks.items()}

    def key_of(self, instance: ReferenceTask) -> str:
        instance.club = self.known.club
        return instance.code

    def remember(self, instance: ReferenceTask) -> None:
        self.known.tasks[instance.code] = instance

    class Meta(ReferenceResource.Meta):
        model = ReferenceTask
        fields = ("code", "label", "family", "unit", "minutes")


class VolumeResource(ReferenceResource):
    units = fields.Field("units", "units", NumberWidget(Volume, "units", "0"))
    value_fields = ("units",)

    def __init__(self, known: Known) -> None:
        super().__init__(known)
        self.fields["centre"] = fields.Field("centre", "centre", ByCode(self.find_centre))
        self.fields["task"] = fields.Field("task", "task", ByCode(lambda code, _row: known.tasks.get(code)))

    def find_centre(self, code: str, row: dict[str, str]) -> Any:
        direction = row.get("direction", "").strip()
        return self.known.centres.get((direction, code)) if direction else self.known.centres_by_code.get(code)

    def rows_there(self, rows: list[dict[str, str]]) -> dict[Any, tuple[Any, ...]]:
        centres = _keys(self.find_centre(row["centre"].strip(), row) for row in rows)
        tasks = _keys(self.known.tasks.get(row["task"].strip()) for row in rows)
        there = Volume.objects.filter(centre__in=centres, task__in=tasks).values_list("centre", "task", "units")
        return {(centre, task): (units,) for centre, task, units in there}

    def bulk_create(self, using_transactions: bool, dry_run: bool, raise_errors: bool, batch_size: Any = None, result: Any = None) -> None:
        """There may be 200,000, so the least of each is kept."""
        if not dry_run:
            self.kept += [(each.centre, each.task, each.units) for each in self.create_instances]
        self.create_instances.clear()

    def write(self) -> None:
        upsert_volumes([(centre.pk, task.pk, units) for centre, task, units in self.kept])

    def key_of(self, instance: Volume) -> Any:
        """By identity where the file has just brought them, and they have no key yet."""
        return (instance.centre.pk or id(instance.centre), instance.task.pk or id(instance.task))

    class Meta(ReferenceResource.Meta):
        model = Volume
        fields = ("units",)


def _keys(found: Iterable[Any]) -> set[int]:
    """Of those that are there, are one, and did not come with this file."""
    return {each.pk for each in found if isinstance(each, Centre | ReferenceTask) and each.pk}


RESOURCES: dict[str, type[ReferenceResource]] = {
    "directions": DirectionResource,
    "centres": CentreResource,
    "tasks": ReferenceTaskResource,
    "volumes": VolumeResource,
}
