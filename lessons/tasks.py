"""What runs behind the club's pages."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.progress import Progress
from jobs.registry import PermanentError, job

from . import services
from .models import Change, Lesson, Notice, ProgrammeAssignment

# Translators: the four steps in the job line: Abonnements, Répétitions, Avis, Rappels
STEPS = (_("Subscriptions"), _("Repeats"), _("Notices"), _("Reminders"))
# Translators: the three steps of assigning a programme: Compétences, Réalisations, Évaluations
ASSIGNING = (_("Skills"), _("Realisations"), _("Evaluations"))

# Translators: the steps after a change or a cancellation: Abonnements, Rappels, Avis
CHANGE_STEPS = (_("Subscriptions"), _("Reminders"), _("Notices"))
ENROLMENT_STEPS = (_("Subscriptions"), _("Notices"))


@job("lessons.after_create", steps=STEPS, timeout_seconds=120)
def after_create(progress: Progress, lesson_id: int) -> dict[str, Any]:
    """Debit, repeat, tell, remind: all of it or nothing, with the job's end."""
    lesson = Lesson.objects.select_related("club", "series", "teacher", "created_by").filter(pk=lesson_id).first()
    if lesson is None:
        raise PermanentError(str(_("This lesson no longer exists.")))
    progress.step()
    services.consume_subscriptions(lesson=lesson, report=_reporter(progress, enrolments_decided))
    progress.step()
    repeats = services.repeat_lesson(lesson=lesson, report=_reporter(progress, lessons_repeated))
    progress.step()
    told = services.write_notices(lesson=lesson)
    progress(1, 1, people_told(told.told))
    progress.step()
    reminders = services.plan_reminders(lesson=lesson)
    progress(1, 1, lessons_made(1 + repeats.created, len(repeats.skipped)))
    return services.summarise(lesson=lesson, repeats=repeats, told=told, reminders=reminders)


@job("lessons.after_update", steps=CHANGE_STEPS, timeout_seconds=120)
def after_update(progress: Progress, lesson_id: int, change_id: int | None = None) -> dict[str, Any]:
    return _follow_change(progress, change_id)


@job("lessons.after_delete", steps=CHANGE_STEPS, timeout_seconds=120)
def after_delete(progress: Progress, lesson_id: int, change_id: int | None = None) -> dict[str, Any]:
    return _follow_change(progress, change_id)


@job("lessons.after_enrolment", steps=ENROLMENT_STEPS, timeout_seconds=120)
def after_enrolment(progress: Progress, change_id: int) -> dict[str, Any]:
    """Credits, then notices: all of it or nothing."""
    change = Change.objects.select_related("club", "lesson").filter(pk=change_id).first()
    if change is None:
        raise PermanentError(str(_("This lesson no longer exists.")))
    progress.step()
    settled = services.settle_enrolments(change=change)
    progress.step()
    told = services.tell_of_enrolments(change=change, unpaid=settled.unpaid)
    progress(1, 1, people_to_be_told(told.told))
    return {"change": change.pk, **asdict(settled), "told": told.told, "untold": told.untold}


def _follow_change(progress: Progress, change_id: int | None) -> dict[str, Any]:
    """Give credits back, put reminders right, tell people: all of it or nothing. A row that was really deleted leaves nothing to do."""
    change = Change.objects.select_related("club", "lesson", "undoes").filter(pk=change_id or 0).first()
    if change is None:
        return {}
    progress.step()
    returned = services.settle_credits(change=change)
    progress.step()
    reminders = services.move_reminders(change=change)
    progress.step()
    told = services.tell_of_change(change=change)
    progress(1, 1, people_to_be_told(told.told))
    return {"change": change.pk, "returned": returned, "told": told.told, "untold": told.untold, "reminders": reminders}


@job("lessons.assign_programme", steps=ASSIGNING, timeout_seconds=300)
def assign_programme(progress: Progress, assignment_id: int) -> dict[str, Any]:
    """What is missing of skills × clients: all of it or nothing, with the job's end."""
    assignment = ProgrammeAssignment.objects.select_related("programme").filter(pk=assignment_id).first()
    if assignment is None:
        raise PermanentError(str(_("This programme no longer exists.")))
    progress.step()
    tasks = services.assign_tasks(assignment=assignment)
    progress.step()
    clients, realisations = services.make_realisations(assignment=assignment, report=_reporter(progress, realisations_made))
    progress.step()
    services.sync_evaluations(programme=assignment.programme_id, clients=clients)
    progress(1, 1, clients_assigned(len(clients), realisations))
    return {"clients": len(clients), "joined": len(assignment.joined_ids), "tasks": tasks, "realisations": realisations}


@job("lessons.send_notice", queue="letters", atomic=False, priority=10, max_attempts=3, backoff=(30, 60, 120), timeout_seconds=60)
def send_notice(progress: Progress, notice_id: int) -> None:
    """One e-mail."""
    notice = Notice.objects.with_details().filter(pk=notice_id).first()
    if notice:  # the lesson may have been deleted meanwhile
        services.send_notice(notice=notice, confirm=progress.confirm, last_attempt=progress.attempt >= progress.job.max_attempts)


@job("lessons.send_due_reminders", every_seconds=30, retention_seconds=600)
def send_due_reminders(progress: Progress) -> int:
    return services.send_due_reminders()


@job("lessons.mark_lost_notices", every_seconds=60, retention_seconds=600)
def mark_lost_notices(progress: Progress) -> int:
    return services.mark_lost_notices()


def enrolments_decided(done: int, total: int) -> str:
    return ngettext("%(done)d subscription seen to of %(total)d", "%(done)d subscriptions seen to of %(total)d", done) % {
        "done": done, "total": total,
    }  # fmt: skip


def lessons_repeated(done: int, total: int) -> str:
    # Translators: "18 cours répétés sur 30"
    return ngettext("%(done)d lesson repeated of %(total)d", "%(done)d lessons repeated of %(total)d", done) % {
        "done": done, "total": total,
    }  # fmt: skip


def people_told(count: int) -> str:
    return ngettext("%(count)d person told", "%(count)d people told", count) % {"count": count}


def people_to_be_told(count: int) -> str:
    # Translators: "%(count)d personne va être prévenue"
    return ngettext("%(count)d person will be told", "%(count)d people will be told", count) % {"count": count}


def lessons_made(created: int, skipped: int) -> str:
    # Translators: "30 cours créés"
    words = ngettext("%(count)d lesson created", "%(count)d lessons created", created) % {"count": created}
    # Translators: "2 dates sautées"
    rest = ngettext("%(count)d date skipped", "%(count)d dates skipped", skipped) % {"count": skipped}
    return f"{words}, {rest}" if skipped else words


def realisations_made(done: int, total: int) -> str:
    # Translators: "1 200 réalisations sur 10 000"
    return ngettext("%(done)d realisation of %(total)d", "%(done)d realisations of %(total)d", done) % {"done": done, "total": total}


def clients_assigned(clients: int, realisations: int) -> str:
    # Translators: "200 clients"
    who = ngettext("%(count)d client", "%(count)d clients", clients) % {"count": clients}
    # Translators: "10 000 réalisations ajoutées"
    added = ngettext("%(count)d realisation added", "%(count)d realisations added", realisations) % {"count": realisations}
    # Translators: that clients already had every skill of the programme; French “rien ne manquait”
    return f"{who}, {added if realisations else _('nothing was missing')}"


def _reporter(progress: Progress, sentence: Callable[[int, int], str]) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        progress(done, total, sentence(done, total))

    return report
