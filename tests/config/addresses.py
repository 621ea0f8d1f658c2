"""Every address of the product, read from its URL patterns, so that a new one is found; and what stands for its parameters."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from lessons.opt_out import token_for

from .crowd import MAIL, Crowd

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
FOR_OPERATORS, FOR_VISITORS = {"api/health/", "api/async/health", "metrics"}, {"connexion/", "healthz"}
ADMINISTRATION = "admin"  # of operators, and with limits of its own


# What stands for the parameters of each route that begins so; the longest beginning counts. Several parameters: a tuple.
SAMPLES: dict[str, Callable[[Crowd], list[Any]]] = {
    "api/async/simulation/direction/<int:pk>": lambda crowd: [crowd.direction.pk],
    "api/async/task/<uuid:task_id>": lambda crowd: [crowd.run.task_id, crowd.run_of_centres.task_id],
    "api/audio/notes/<int:pk>": lambda crowd: [crowd.note.pk, crowd.asking_note.pk],
    "api/audio/status/<int:pk>": lambda crowd: [crowd.note.pk, crowd.asking_note.pk],
    "api/batches/<str:token>": lambda crowd: [crowd.batch.pk],
    "api/calendars/<int:pk>": lambda crowd: [crowd.feed.pk],
    "api/clients/<int:client>/changes/": lambda crowd: [crowd.client.pk],
    "api/clients/<int:pk>": lambda crowd: [crowd.client.pk],
    "api/clients/changes/<int:pk>": lambda crowd: [crowd.change.pk],
    "api/closures/<int:pk>": lambda crowd: [crowd.club.closures.all()[0].pk],
    "api/evaluations/<int:pk>": lambda crowd: [crowd.evaluations[0].pk],
    "api/jobs/<str:token>": lambda crowd: [crowd.job.pk],
    "api/lessons/<int:pk>": lambda crowd: [crowd.lesson.pk],
    "api/lessons/<int:pk>/enrolments/<int:client>/": lambda crowd: [(crowd.lesson.pk, crowd.client.pk)],
    "api/lessons/changes/<int:change>": lambda crowd: [crowd.lesson_change.pk],
    "api/letters/<int:pk>": lambda crowd: [crowd.letter.pk],
    "api/places/<int:pk>": lambda crowd: [crowd.club.places.all()[0].pk],
    "api/programmes/<int:pk>": lambda crowd: [crowd.programme.pk],
    "api/programmes/<int:pk>/assignments/<int:assignment>": lambda crowd: [(crowd.programme.pk, crowd.assignments[0].pk)],
    "api/realisations/<int:pk>": lambda crowd: [crowd.realisations[0].pk],
    "api/reference/direction/<int:pk>": lambda crowd: [crowd.direction.pk],
    "api/subscriptions/<int:pk>": lambda crowd: [crowd.club.subscriptions.all()[0].pk],
    "api/task-assignments/<int:pk>": lambda crowd: [crowd.task.pk],
    "api/teachers/<int:pk>": lambda crowd: [crowd.teacher.pk],
    "audio/<int:pk>": lambda crowd: [crowd.note.pk, crowd.asking_note.pk],
    "calendar/<slug:secret>.ics": lambda crowd: [crowd.feed.secret],
    "club/changes/<int:pk>": lambda crowd: [crowd.lesson_change.pk],
    "club/clients/<int:pk>": lambda crowd: [crowd.client.pk],
    "club/clients/changes/<int:pk>": lambda crowd: [crowd.change.pk],
    "club/lessons/<int:pk>": lambda crowd: [crowd.lesson.pk],
    "club/letters/<int:pk>": lambda crowd: [crowd.letter.pk],
    "club/letters/stop/<uuid:batch>": lambda crowd: [crowd.batch.pk],
    "club/letters/teachers/<int:pk>": lambda crowd: [crowd.teacher.pk],
    "club/notices/<int:pk>": lambda crowd: [crowd.lesson.notices.all()[0].pk],
    "club/programmes/<int:pk>": lambda crowd: [crowd.programme.pk],
    "club/programmes/<int:pk>/assignments/<int:assignment>": lambda crowd: [(crowd.programme.pk, crowd.assignments[0].pk)],
    "club/programmes/<int:pk>/clients/<int:client>": lambda crowd: [(crowd.programme.pk, crowd.client.pk)],
    "club/settings/closures/<int:pk>": lambda crowd: [crowd.club.closures.all()[0].pk],
    "club/subscriptions/<int:pk>": lambda crowd: [crowd.subscriptions[0].pk],
    "dev/mail/<slug:id>": lambda crowd: [MAIL],
    "dev/mail/<slug:id>/attachments/<int:number>/": lambda crowd: [(MAIL, 0)],
    "reminders/<str:token>": lambda crowd: [token_for(crowd.client)],
    "staffing/compare/<uuid:first>/<uuid:second>/": lambda crowd: [(crowd.run.task_id, crowd.second_run.task_id)],
    "staffing/reference/imports/<int:pk>": lambda crowd: [crowd.coming.pk],
    "staffing/runs/<uuid:task_id>": lambda crowd: [crowd.run.task_id, crowd.run_of_centres.task_id],
}
# Where one look does not show everything, or where something must be asked.
QUERIES: dict[str, Callable[[Crowd], list[str]]] = {
    "api/clients/": lambda crowd: ["", "search=last"],
    "api/lessons/": lambda crowd: [
        "",
        "from=2020-01-01&to=2100-01-01&search=galop",
        f"teacher={crowd.teacher.pk}&client={crowd.client.pk}&series={crowd.lesson.series_id or 1}&place=p&status=planned",
    ],
    "api/lessons/preview/": lambda crowd: [
        f"teacher={crowd.teacher.pk}&starts_at={crowd.today}T12:00&duration_minutes=60&repeat.until={crowd.today + timedelta(weeks=9)}"
    ],
    "api/letters/": lambda crowd: ["", "status=failed&ordering=teacher_name"],
    "api/letters/preview/": lambda crowd: [f"teacher={crowd.teacher.pk}"],
    "api/audio/notes/": lambda crowd: ["", "search=bonjour"],
    "api/evaluations/": lambda crowd: ["", f"programme={crowd.programme.pk}&client={crowd.client.pk}"],
    "api/realisations/": lambda crowd: ["", f"programme={crowd.programme.pk}&skill={crowd.task.skill_id}&client={crowd.client.pk}"],
    "api/task-assignments/": lambda crowd: ["", f"programme={crowd.programme.pk}"],
    "api/subscriptions/": lambda crowd: ["", f"valid_on={crowd.today}&client={crowd.client.pk}&kind=pack"],
    "audio/": lambda crowd: ["", "etat=a-repondre", "q=last", f"client={crowd.client.pk}"],
    "club/clients/": lambda crowd: ["", "q=last&tri=note"],
    "club/clients/<int:pk>/history/": lambda crowd: ["", "champ=level"],
    "club/lessons/<int:pk>/": lambda crowd: ["", f"fait={crowd.lesson_change.pk}"],
    "club/letters/": lambda crowd: ["", "etat=a-traiter"],
    "club/letters/preview/": lambda crowd: ["", f"teacher={crowd.teacher.pk}"],
    "club/letters/preview/pdf/": lambda crowd: ["", f"teacher={crowd.teacher.pk}&version=2"],
    "club/letters/send/": lambda crowd: ["", f"teacher={crowd.teacher.pk}"],
    "club/planning": lambda crowd: ["", f"cree={crowd.lesson.pk}", f"fait={crowd.lesson_change.pk}&vue=liste"],
    "staffing/runs/<uuid:task_id>/": lambda crowd: ["", "tri=-name"],
}


def paths(route: str, crowd: Crowd) -> list[str]:
    """A failure says what to do about an address that is new."""
    queries = QUERIES[route](crowd) if route in QUERIES else [""]
    return [f"/{path}?{query}".rstrip("?") for path in _filled_in(route, crowd) for query in queries]


def _filled_in(route: str, crowd: Crowd) -> list[str]:
    if not PARAMETER.search(route):
        return [route]
    beginnings = [beginning for beginning in SAMPLES if route.startswith(beginning)]
    assert beginnings, f"The address {route} is new: say in SAMPLES of tests/config/addresses.py what stands for its parameters."
    samples = SAMPLES[max(beginnings, key=len)](crowd)
    found = []
    for sample in samples:
        values = iter(sample if isinstance(sample, tuple) else (sample,))
        found.append(PARAMETER.sub(partial(_next_of, values), route))
    return found


def _next_of(values: Iterator[Any], parameter: re.Match[str]) -> str:
    return str(next(values))


def all_routes() -> list[str]:
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        elif pattern.namespace != ADMINISTRATION:
            yield from _walk(pattern.url_patterns, route)
