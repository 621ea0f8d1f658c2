"""A made-up organisation of any size, the same for the same seed."""

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction

from lessons.models import Club
from staffing.models import Centre, Direction, ReferenceTask
from staffing.versions import wait_for_other_writers

MOST_CENTRES, MOST_TASKS = 5000, 200
ROWS_A_STATEMENT = 20_000
FAMILIES = {
    "Accueil": ["Accueil d’un visiteur", "Appel téléphonique", "Prise de rendez-vous"],
    "Inscriptions": ["Inscription", "Renouvellement", "Radiation", "Changement d’adresse"],
    "Facturation": ["Facture", "Rappel", "Remboursement"],
    "Encadrement": ["Entretien annuel", "Réunion d’équipe", "Planning"],
    "Animation": ["Cours collectif", "Stage", "Journée découverte", "Cours particulier"],
}
REGIONS = [
    "Bruxelles", "Brabant wallon", "Hainaut", "Liège", "Luxembourg", "Namur",
    "Hauts-de-France", "Grand Est", "Île-de-France", "Normandie", "Bretagne", "Occitanie",
]  # fmt: skip
TOWNS = ["Nord", "Sud", "Est", "Ouest", "Centre", "Plaine", "Forêt", "Vallée", "Rivière", "Colline"]
INSERT_ON_POSTGRES = """
    INSERT INTO staffing_volume (centre_id, task_id, units)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[])"""
INSERT_ON_SQLITE = """
    INSERT INTO staffing_volume (centre_id, task_id, units)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(%s)"""


def make_reference_set(*, club: Club, directions: int = 12, centres: int = 300, tasks: int = 80, seed: int = 1) -> None:
    """Codes D01…, C0001…, T001…; a club that has directions already keeps what it has."""
    if not (1 <= directions <= centres <= MOST_CENTRES and 1 <= tasks <= MOST_TASKS):
        raise ValueError(f"1 direction or more, centres up to {MOST_CENTRES}, tasks up to {MOST_TASKS}")
    dice = random.Random(seed)
    with transaction.atomic():
        wait_for_other_writers()
        if Direction.objects.filter(club=club).exists():
            return
        made_tasks = ReferenceTask.objects.bulk_create(_tasks(club, tasks, dice))
        names = [
            f"{REGIONS[each % len(REGIONS)]}{' ' + str(each // len(REGIONS) + 1) if each >= len(REGIONS) else ''}"
            for each in range(directions)
        ]
        made = Direction.objects.bulk_create([Direction(club=club, code=f"D{each + 1:02}", name=name) for each, name in enumerate(names)])
        sizes = [dice.uniform(0.5, 2) for _ in range(centres)]
        made_centres = Centre.objects.bulk_create(
            [_centre(made[each * directions // centres], each, size, tasks, dice) for each, size in enumerate(sizes)]
        )
        _insert_volumes(_volumes(made_centres, sizes, made_tasks, dice))


def _tasks(club: Club, count: int, dice: random.Random) -> list[ReferenceTask]:
    kinds = [(family, label) for family, labels in FAMILIES.items() for label in labels]
    rows = []
    for each in range(count):
        family, label = kinds[each % len(kinds)]
        label = f"{label} {each // len(kinds) + 1}" if each >= len(kinds) else label
        minutes = Decimal(dice.randint(20, 900)) / 10
        rows.append(ReferenceTask(club=club, code=f"T{each + 1:03}", label=label, family=family, unit="dossier", minutes=minutes))
    return rows


def _centre(direction: Direction, each: int, size: float, tasks: int, dice: random.Random) -> Centre:
    name = f"{direction.name} {TOWNS[each % len(TOWNS)]} {each // len(TOWNS) + 1}"
    # What the volumes below take on average, give or take a fifth.
    needed = tasks * 300 * size * 46 / 60 / (218 * 7.2 * 0.85 * 0.92)
    return Centre(direction=direction, code=f"C{each + 1:04}", name=name, headcount=Decimal(round(needed * dice.uniform(0.8, 1.2), 1)))


def _volumes(
    centres: list[Centre], sizes: list[float], tasks: list[ReferenceTask], dice: random.Random
) -> Iterator[tuple[int, int, float]]:
    for centre, size in zip(centres, sizes, strict=True):
        for task in tasks:
            yield centre.pk, task.pk, round(dice.uniform(100, 500) * size, 2)


def _insert_volumes(volumes: Iterator[tuple[int, int, float]]) -> None:
    with connection.cursor() as cursor:
        while rows := list(islice(volumes, ROWS_A_STATEMENT)):
            if connection.vendor == "postgresql":
                cursor.execute(INSERT_ON_POSTGRES, [list(column) for column in zip(*rows, strict=True)])
            else:
                cursor.execute(INSERT_ON_SQLITE, [json.dumps(rows)])
