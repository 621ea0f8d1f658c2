"""Reference data, read through a cache that is never stale.

Each read asks the database for the club's stamp (one row by its key), which triggers renew with every write, in the writer's own
transaction; the keys of the cache carry it. So no process has to be told anything: after a commit, the old key is never asked
for again. Values are kept twice: as they are in this process, and pickled in Django's cache for the other processes.
"""

import pickle
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Count

from . import counters
from .models import Centre, Direction, ReferenceState, ReferenceTask, Volume
from .snapshot import snapshot

P = ParamSpec("P")
Value = TypeVar("Value")
TTL_SECONDS = 7200
LARGEST_COUNT = 500  # values that a process keeps
LOADING_SECONDS = 30  # a process that takes longer is thought dead, and another loads as well
LOOK_AGAIN_SECONDS = 0.02
NO_DATA = "none"
STAMP = "SELECT stamp FROM staffing_referencestate WHERE club_id = %s"


class Task(NamedTuple):
    id: int
    code: str
    label: str
    family: str
    unit: str
    minutes: Decimal


class CentreData(NamedTuple):
    id: int
    code: str
    name: str
    headcount: Decimal
    volumes: tuple[tuple[int, Decimal], ...]  # task, units a year


class CentreName(NamedTuple):
    id: int
    code: str
    name: str
    direction: int
    direction_code: str
    direction_name: str
    sought: str  # all of it, as a search compares it


class DirectionData(NamedTuple):
    id: int
    code: str
    name: str
    centres: tuple[CentreData, ...]


@dataclass(frozen=True)
class _Kept:
    value: Any
    loaded_at: float  # seconds since the epoch: other processes read it too
    ttl: float
    size: int  # in bytes, pickled

    @property
    def fresh(self) -> bool:
        return time.time() < self.loaded_at + self.ttl


_kept: OrderedDict[str, _Kept] = OrderedDict()
_guard = threading.Lock()
_loading: dict[str, tuple[threading.Lock, int]] = {}


def cached_reference(*, ttl: float = TTL_SECONDS) -> Callable[[Callable[Concatenate[int, P], Value]], Callable[Concatenate[int, P], Value]]:
    """For a function of a club's id and further scalars that returns an immutable value read from the reference data.

    `ttl` in seconds. Within a process, and among processes that share a cache, a value is loaded once.
    """

    def decorate(load: Callable[Concatenate[int, P], Value]) -> Callable[Concatenate[int, P], Value]:
        @wraps(load)
        def read(club: int, /, *args: P.args, **kwargs: P.kwargs) -> Value:
            name = ":".join(["reference", load.__name__, *map(str, (club, *args, *kwargs.values()))])
            key = f"{name}:{stamp_of(club)}"
            kept = _find(key)
            if kept is None:
                with _one_thread(key):
                    kept = _find(key) or _read_through(lambda: load(club, *args, **kwargs), club, name, key, ttl)
            else:
                counters.count(club, hits=1)
            return kept.value  # type: ignore[no-any-return]

        return read

    return decorate


def stamp_of(club: int) -> str:
    """Asked at every read: in plain SQL, because the ORM takes five times as long to say it as the database to answer."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP, [club])
        row = cursor.fetchone()
    return str(row[0]) if row else NO_DATA


def version_of(club: int) -> int:
    return ReferenceState.objects.filter(club=club).values_list("version", flat=True).first() or 0


def statistics(club: int) -> dict[str, Any]:
    """Hits and misses of all processes; entries, their age in seconds and size in bytes of this one."""
    hits, misses = counters.read(club)
    state = ReferenceState.objects.filter(club=club).first()
    return {
        "hits": hits,
        "misses": misses,
        "hit_rate": counters.hit_rate(hits, misses),
        **kept_here(state.stamp if state else NO_DATA),
        "version": state.version if state else 0,
        "last_invalidated_at": state.changed_at if state else None,
    }


def kept_here(stamp: str) -> dict[str, Any]:
    """Of the values with this stamp in this process: how many, the age of the oldest in seconds, their size in bytes."""
    with _guard:
        kept = [each for key, each in _kept.items() if key.endswith(f":{stamp}") and each.fresh]
    return {
        "entries": len(kept),
        "oldest_seconds": round(time.time() - min(each.loaded_at for each in kept), 1) if kept else None,
        "bytes": sum(each.size for each in kept),
    }


def forget() -> None:
    """What this process keeps; other processes go on with theirs."""
    with _guard:
        _kept.clear()


@cached_reference(ttl=TTL_SECONDS)
def get_reference_tasks(club: int) -> tuple[Task, ...]:
    rows = ReferenceTask.objects.filter(club=club).order_by("code")
    return tuple(Task(*row) for row in rows.values_list("id", "code", "label", "family", "unit", "minutes"))


@cached_reference(ttl=TTL_SECONDS)
def get_overview(club: int) -> tuple[tuple[Task, ...], tuple[tuple[int, str, str, int], ...]]:
    """Tasks and directions together, for a page that shows both."""
    return get_reference_tasks(club), get_directions(club)


@cached_reference(ttl=TTL_SECONDS)
def get_direction_data(club: int, direction: int) -> DirectionData | None:
    """A direction with its centres and their volumes; None where the club has no such direction."""
    found = Direction.objects.filter(club=club, pk=direction).values_list("id", "code", "name").first()
    if not found:
        return None
    volumes: dict[int, list[tuple[int, Decimal]]] = {}
    rows = Volume.objects.filter(centre__direction=direction).order_by("centre", "task__code")
    for centre, task, units in rows.values_list("centre", "task", "units").iterator(chunk_size=5000):
        volumes.setdefault(centre, []).append((task, units))
    centres = Centre.objects.filter(direction=direction).order_by("code").values_list("id", "code", "name", "headcount")
    return DirectionData(*found, tuple(CentreData(*centre, tuple(volumes.get(centre[0], ()))) for centre in centres))


@cached_reference(ttl=TTL_SECONDS)
def get_directions(club: int) -> tuple[tuple[int, str, str, int], ...]:
    """Id, code, name and number of centres of each direction."""
    rows = Direction.objects.filter(club=club).order_by("code").annotate(size=Count("centres"))
    return tuple(rows.values_list("id", "code", "name", "size"))


@cached_reference(ttl=TTL_SECONDS)
def get_centres(club: int) -> tuple[CentreName, ...]:
    """All of the club, by direction."""
    rows = Centre.objects.filter(direction__club=club).order_by("direction__code", "code")
    names = rows.values_list("id", "code", "name", "direction", "direction__code", "direction__name")
    return tuple(CentreName(*row, sought=fold(" ".join((row[1], row[2], row[4], row[5])))) for row in names)


def fold(text: str) -> str:
    """As people type it: without accents or capitals."""
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


def _find(key: str) -> _Kept | None:
    with _guard:
        kept = _kept.get(key)
        if kept is None or not kept.fresh:
            return None
        _kept.move_to_end(key)
        return kept


def _keep(key: str, kept: _Kept) -> _Kept:
    with _guard:
        _kept[key] = kept
        _kept.move_to_end(key)
        while len(_kept) > LARGEST_COUNT:
            _kept.popitem(last=False)
    return kept


@contextmanager
def _one_thread(key: str) -> Iterator[None]:
    with _guard:
        lock, waiting = _loading.get(key, (threading.Lock(), 0))
        _loading[key] = lock, waiting + 1
    try:
        with lock:
            yield
    finally:
        with _guard:
            lock, waiting = _loading[key]
            _loading[key] = lock, waiting - 1
            if waiting == 1:
                del _loading[key]


def _read_through(load: Callable[[], Any], club: int, name: str, key: str, ttl: float) -> _Kept:
    """From the shared cache, or else loaded by one process while the others wait for it."""
    if connection.in_atomic_block:  # what is read here may not be committed yet, and a row of the cache would stay locked
        return _load(load, club, name, ttl)
    marker = f"{key}:loading"
    while True:
        if (shared := cache.get(key)) is not None:
            counters.count(club, hits=1)
            value, loaded_at = pickle.loads(shared)  # noqa: S301  our own cache
            return _keep(key, _Kept(value, loaded_at, ttl, len(shared)))
        if cache.add(marker, 1, timeout=LOADING_SECONDS):
            break
        time.sleep(LOOK_AGAIN_SECONDS)
    try:
        return _load(load, club, name, ttl, share=True)
    finally:
        cache.delete(marker)


def _load(load: Callable[[], Any], club: int, name: str, ttl: float, *, share: bool = False) -> _Kept:
    """Stamp and value as of one moment: a write in between cannot mix with either."""
    counters.count(club, misses=1)
    with snapshot():
        key = f"{name}:{stamp_of(club)}"
        kept = _Kept(load(), time.time(), ttl, 0)
    pickled = pickle.dumps((kept.value, kept.loaded_at), protocol=5)
    if share:
        cache.set(key, pickled, timeout=ttl)
    return _keep(key, _Kept(kept.value, kept.loaded_at, ttl, len(pickled)))
