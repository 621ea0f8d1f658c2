"""Choosing among centres: what a search finds, by direction, and what is chosen whether it is shown or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .reference import CentreName, fold

MOST_SHOWN = 500  # boxes on one page
CHOSEN = "chosen"
ADD, REMOVE, CLEAR = "add:", "remove:", "clear"


@dataclass(frozen=True)
class Group:
    """A direction: how many of its centres were found and how many of those are chosen, and those that are shown."""

    id: int
    code: str
    name: str
    found: int
    chosen: int
    centres: tuple[CentreName, ...]


@dataclass(frozen=True)
class Choice:
    """`hidden` are chosen and have no box on this page; `is_cut` where boxes of what was found are missing."""

    groups: tuple[Group, ...]
    chosen: frozenset[int]
    hidden: tuple[int, ...]
    found: int
    is_cut: bool


def find(centres: Sequence[CentreName], *, words: str, only: str, chosen: frozenset[int]) -> list[CentreName]:
    """Those that have each word in code, name or direction; `only` is a direction's id or CHOSEN."""
    wanted = fold(words).split()
    return [
        centre
        for centre in centres
        if (not only or only == str(centre.direction) or (only == CHOSEN and centre.id in chosen))
        and all(word in centre.sought for word in wanted)
    ]


def change(chosen: Iterable[int], found: Sequence[CentreName], action: str) -> frozenset[int]:
    """After a click on all or none of a direction, which means those found, or on none at all."""
    direction = action.partition(":")[2]
    named = {centre.id for centre in found if direction == str(centre.direction)}
    if action.startswith(ADD):
        return frozenset(chosen) | named
    if action.startswith(REMOVE):
        return frozenset(chosen) - named
    return frozenset() if action == CLEAR else frozenset(chosen)


def lay_out(found: Sequence[CentreName], chosen: frozenset[int], *, is_narrowed: bool) -> Choice:
    """Of thousands that nobody has narrowed down only the directions are shown."""
    shown = found if is_narrowed or len(found) <= MOST_SHOWN else []
    shown_ids = {centre.id for centre in shown[:MOST_SHOWN]}
    groups = []
    for _direction, group in groupby(found, key=lambda centre: centre.direction):
        members = tuple(group)
        boxes = tuple(centre for centre in members if centre.id in shown_ids)
        first, chosen_here = members[0], sum(centre.id in chosen for centre in members)
        groups.append(Group(first.direction, first.direction_code, first.direction_name, len(members), chosen_here, boxes))
    return Choice(tuple(groups), chosen, tuple(sorted(chosen - shown_ids)), len(found), len(shown_ids) < len(found))
