"""A club that has so many rows of everything, made with as few statements as can be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import cycle
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from audio.models import FieldChange, NotePreference, VoiceNote
from audio.storage import recordings
from jobs.models import Attempt, Batch, Intervention, Job, SlowStatement, Worker
from lessons.models import (
    CalendarFeed,
    Change,
    Client,
    Closure,
    Club,
    Enrolment,
    Evaluation,
    Lesson,
    Membership,
    Notice,
    Place,
    Programme,
    ProgrammeAssignment,
    Realisation,
    Reminder,
    Series,
    SettingsChange,
    Skill,
    Subscription,
    SubscriptionUse,
    TaskAssignment,
    Teacher,
)
from letters.models import LegalFigures, Sending, VolunteerFacts, VolunteerLetterSend, Wording
from staffing import counters, reference
from staffing.models import Centre, CentreResult, Direction, ReferenceImport, ReferenceTask, Simulation, Volume

Row = TypeVar("Row", bound=Model)
MAIL = "20260101T000000000000-00000000"
RECORDING, PDF = "audio/crowd/note.wav", "letters/crowd/letter.pdf"
PDF_CONTENT = b"%PDF-1.7"
PDF_DIGEST = sha256(PDF_CONTENT).hexdigest()
OURS = ("jobs", "lessons", "letters", "audio", "staffing")


class Crowd:
    def __init__(self, size: int) -> None:
        self.size = size
        self.club = Club.objects.create(name=f"Club of {size}")
        self.manager = User.objects.create_user(f"manager of {size}", "manager@example.org")
        self.operator = User.objects.create_superuser(f"operator of {size}")
        self.membership = Membership.objects.create(user=self.manager, club=self.club)
        self.today = timezone.localdate()
        self.now = timezone.now()
        self._fill_jobs()
        self._fill_people()
        self._fill_lessons()
        self._fill_changes()
        self._fill_programmes()
        self._fill_letters()
        self._fill_notes()
        self._fill_reference()
        self._fill_runs()

    def many(self, model: type[Row], make: Callable[[int], dict[str, Any]], count: int | None = None) -> list[Row]:
        return list(model._default_manager.bulk_create(model(**make(number)) for number in range(count or self.size)))

    def put_files(self) -> None:
        """Each test has folders of its own."""
        recordings().save(RECORDING, ContentFile(b"RIFF"))
        default_storage.save(PDF, ContentFile(PDF_CONTENT))
        settings.MAILBOX_DIR.mkdir()
        (settings.MAILBOX_DIR / f"{MAIL}.eml").write_bytes(MESSAGE)

    def _fill_jobs(self) -> None:
        of_club = {"scope": self.club.scope, "user": self.manager, "max_attempts": 3}
        self.batch = self.many(Batch, lambda n: {"label": f"Batch {n}", "scope": self.club.scope, "total": self.size})[0]
        later = self.now + timedelta(days=1)
        waiting = {**of_club, "kind": "letters.send", "queue": "letters", "run_at": later}
        self.waiting = self.many(Job, lambda n: {**waiting, "batch": self.batch, "label": "Letter"})
        done = {**of_club, "kind": "lessons.after_create", "queue": "default", "status": "done", "progress": 100, "finished_at": self.now}
        self.done = self.many(Job, lambda n: {**done, "result": {"created": 0, "skipped": [], "unpaid": [], "told": 1}})
        kinds = cycle(["pending", "running", "error"])
        self.job, *_others = self.many(Job, lambda n: {**of_club, "kind": "staffing.simulate", "queue": "staffing", "status": next(kinds)})
        self.many(Attempt, lambda n: {"job": self.job, "number": 1, "outcome": "error", "owner": "worker"})
        self.many(Worker, lambda n: {"owner": f"{self.size} {n}", "host": "host", "pid": n, "queues": "default", "since": self.now,
                                     "seen_at": later})  # fmt: skip
        self.many(SlowStatement, lambda n: {"fingerprint": "f", "shape": "SELECT", "origin": "?", "seconds": 2, "ended_at": self.now})
        self.many(Intervention, lambda n: {"who": "anne", "deed": "retry", "target": str(n), "count": 1})

    def _fill_people(self) -> None:
        def person(n: int) -> dict[str, Any]:
            return {"club": self.club, "first_name": f"First {n}", "last_name": f"Last {n}", "email": f"p{n}@example.org"}

        self.teachers = self.many(Teacher, lambda n: {**person(n), "silk": 1 + n % 8})
        self.teacher = self.teachers[0]
        self.clients = self.many(Client, person)
        self.client = self.clients[0]
        self.places = self.many(Place, lambda n: {"club": self.club, "name": f"Place {n}"})
        self.many(Closure, lambda n: {"club": self.club, "first_day": self.today, "last_day": self.today})
        self.many(SettingsChange, lambda n: {"club": self.club, "version": n + 2, "before": {}, "after": {}})
        Club.objects.filter(pk=self.club.pk).update(settings_version=self.size + 1)
        of_client = {"club": self.club, "kind": "pack", "credits": 10, "valid_from": self.today}
        self.subscriptions = self.many(Subscription, lambda n: {**of_client, "client": self.clients[n]})

    def _fill_lessons(self) -> None:
        series = self.many(Series, lambda n: {"club": self.club, "until": self.today})
        begin = self.now.replace(hour=12)

        def lesson(n: int) -> dict[str, Any]:
            times = {"starts_at": begin + timedelta(seconds=n), "ends_at": begin + timedelta(hours=1)}
            parts = {"teacher": self.teachers[n], "place": self.places[n], "series": series[n], "job": self.done[n]}
            return {"club": self.club, "title": "Galop 2", "created_by": self.manager, **times, **parts}

        self.lessons = self.many(Lesson, lesson)
        self.lesson = self.lessons[0]
        self.many(Enrolment, lambda n: {"lesson": self.lesson, "client": self.clients[n], "status": "unpaid"})
        self.many(Enrolment, lambda n: {"lesson": self.lessons[n + 1], "client": self.clients[n]}, self.size - 1)
        self.many(Reminder, lambda n: {"lesson": self.lessons[n], "due_at": self.now})
        unsure = {"club": self.club, "lesson": self.lesson, "kind": "planned", "status": "unsure"}
        self.many(Notice, lambda n: {**unsure, "client": self.clients[n]})
        self.many(SubscriptionUse, lambda n: {"subscription": self.subscriptions[n], "lesson": self.lesson, "client": self.clients[n]})

    def _fill_changes(self) -> None:
        slot = {"title": "Galop 2", "teacher_id": self.teacher.pk, "place_id": self.places[0].pk, "capacity": 8}
        slot |= {"starts_at": self.now.isoformat(), "ends_at": self.now.isoformat()}
        rows = [{"lesson": self.lesson.pk, "version": 1, "before": slot, "after": slot}]
        decided = {"club": self.club, "lesson": self.lesson, "kind": "changed", "user": self.manager, "rows": rows}
        self.lesson_change = self.many(Change, lambda n: decided)[0]
        self.feed = CalendarFeed.objects.create(club=self.club)
        self.many(CalendarFeed, lambda n: {"club": self.club, "teacher": self.teachers[n]})

    def _fill_programmes(self) -> None:
        programmes = self.many(Programme, lambda n: {"club": self.club, "name": f"Programme {n}"})
        skills = self.many(Skill, lambda n: {"programme": programmes[n], "name": "Mount"})
        ids = [client.pk for client in self.clients]
        assigned = {"client_ids": ids, "joined_ids": ids, "created_by": self.manager}
        self.assignments = self.many(ProgrammeAssignment, lambda n: {**assigned, "programme": programmes[n], "job": self.done[n]})
        tasks = self.many(TaskAssignment, lambda n: {"skill": skills[n], "assignment": self.assignments[n]})
        marked = {"task": tasks[0], "status": "started", "marked_at": self.now, "marked_by": self.manager}
        self.realisations = self.many(Realisation, lambda n: {**marked, "client": self.clients[n]})
        self.evaluations = self.many(
            Evaluation, lambda n: {"programme": programmes[0], "client": self.clients[n], "total": 1, "started": 1}
        )
        self.programme, self.task = programmes[0], tasks[0]

    def _fill_letters(self) -> None:
        year = self.today.year
        ceilings = {"daily_ceiling": 44, "yearly_ceiling": 1760, "raised_yearly_ceiling": 3233, "source": "public notes"}
        figures, _made = LegalFigures.objects.get_or_create(year=year, defaults=ceilings)
        wordings = self.many(Wording, lambda n: {"club": self.club, "version": n + 1, "created_by": self.manager})
        of_sending = {"club": self.club, "year": year, "figures": figures, "figures_version": 1, "batch": self.batch}
        sendings = self.many(Sending, lambda n: {**of_sending, "wording": wordings[n]})
        self.many(VolunteerFacts, lambda n: {"teacher": self.teachers[n], "activity": "Teaching"})
        states = cycle(["pending", "failed", "unsure", "sent", "bounced", "failed", "held", "cancelled"])

        def letter(n: int) -> dict[str, Any]:
            to = {"teacher": self.teachers[n], "teacher_name": str(self.teachers[n]), "recipient_email": f"p{n}@example.org"}
            by = {"sending": sendings[n], "sent_by_user": self.manager, "job": self.waiting[n]}
            return {
                "club": self.club,
                "year": year,
                "status": next(states),
                "sent_at": self.now,
                "pdf": PDF,
                "pdf_sha256": PDF_DIGEST,
                **to,
                **by,
            }

        self.letter = self.many(VolunteerLetterSend, letter)[0]

    def _fill_notes(self) -> None:
        def note(n: int) -> dict[str, Any]:
            file = {"file": RECORDING, "content_type": "audio/wav", "size_bytes": 4, "sha256": "0" * 64, "language": "fr"}
            asks = {"question": {"candidates": [self.clients[n].pk, self.clients[n - 1].pk]}} if n % 2 else {"client": self.clients[n]}
            ends = {"processed_at": self.now, "transcribed_at": self.now, "transcription": "Bonjour", "job": self.done[n]}
            return {"club": self.club, "created_by": self.manager, **file, **asks, **ends}

        notes = self.many(VoiceNote, note)
        self.note, self.asking_note = notes[:2]
        self.many(VoiceNote, lambda n: {**note(0), "client": self.client})
        change = {"field": "level", "new": "Galop 3", "changed_by": self.manager}
        self.many(FieldChange, lambda n: {**change, "note": notes[n], "client": self.clients[n]})
        [self.change, *_others] = self.many(FieldChange, lambda n: {**change, "note": self.note, "client": self.client})
        NotePreference.objects.create(membership=self.membership)

    def _fill_reference(self) -> None:
        self.directions = self.many(Direction, lambda n: {"club": self.club, "code": f"D{n}", "name": f"Direction {n}"})
        self.direction = self.directions[0]
        place = {"name": "Centre", "headcount": 2}
        self.centres = self.many(Centre, lambda n: {**place, "direction": self.direction, "code": f"C{n}"})
        self.many(Centre, lambda n: {**place, "direction": self.directions[n], "code": "X"})
        self.tasks = self.many(ReferenceTask, lambda n: {"club": self.club, "code": f"T{n}", "label": "Task", "minutes": 5})
        self.many(Volume, lambda n: {"centre": self.centres[n], "task": self.tasks[n], "units": 100})
        state = {"club": self.club, "name": "file.csv", "state": "applied", "created_by": self.manager}
        self.coming = self.many(ReferenceImport, lambda n: {**state, "job": self.done[n]})[0]

    def _fill_runs(self) -> None:
        assumed = {"working_days": 218, "hours_a_day": 7, "productivity": 1, "absence_rate": 0, "reference_version": 1}
        ended = {"finished_at": self.now, "work": 10_000, "headcount": 2, "created_by": self.manager, **assumed}

        def run(n: int) -> dict[str, Any]:
            scope = {"scope": "centres" if n == 0 else "national", "scope_name": "All"}
            return {"club": self.club, "job": self.done[n], "task_id": self.done[n].pk, **scope, **ended}

        runs = self.many(Simulation, run)
        self.run_of_centres, self.run, self.second_run = runs[:3]

        def result(of: Simulation) -> Callable[[int], dict[str, Any]]:
            return lambda n: {"simulation": of, "centre": self.centres[n], "direction_code": f"D{n}", "direction_name": f"Direction {n}",
                              "code": f"C{n}", "name": "Centre", "work": 10_000, "headcount": 2}  # fmt: skip

        for each in runs[:3]:
            self.many(CentreResult, result(each))


@contextmanager
def crowds_of(*sizes: int) -> Iterator[dict[int, Crowd]]:
    """Made once for many tests, each of which has a savepoint of its own within this transaction."""
    with transaction.atomic():
        crowds = {size: Crowd(size) for size in sizes}
        connection.check_constraints()  # now, or each test would do it again
        yield crowds
        transaction.set_rollback(True)
    counters.forget()  # of clubs that never were
    reference.forget()


MESSAGE = b"""From: club@example.org\r
To: somebody@example.org\r
Subject: News\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
Hello\r
--x\r
Content-Type: text/csv; name=a.csv\r
Content-Disposition: attachment; filename=a.csv\r
\r
a\r
--x--\r
"""


def tables() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]
