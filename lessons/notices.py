"""A notice as an e-mail, in the club's language and time."""

from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from . import change_words, places
from .calendars import method_for, write_event
from .models import Change, Enrolment, EnrolmentQuerySet, Lesson, Notice
from .opt_out import link_for
from .times import clock, long_day

# Translators: subjects of e-mails: "Changement : …", "Annulé : …", "Maintenu : …"
CHANGE_SUBJECTS: dict[str, str] = {
    Notice.Kind.CHANGED: gettext_noop("Changed: %(title)s, %(day)s at %(time)s"),
    Notice.Kind.CANCELLED: gettext_noop("Cancelled: %(title)s, %(day)s at %(time)s"),
    Notice.Kind.RESTORED: gettext_noop("Taking place after all: %(title)s, %(day)s at %(time)s"),
}

# Translators: subjects of e-mails: "Inscription : …", "Une place pour vous : …", "Liste d’attente : …", "Inscription annulée : …"
ENROLMENT_SUBJECTS: dict[str, str] = {
    Notice.Kind.ENROLLED: gettext_noop("Enrolled: %(title)s, %(day)s at %(time)s"),
    Notice.Kind.PROMOTED: gettext_noop("A place for you: %(title)s, %(day)s at %(time)s"),
    Notice.Kind.WAITING: gettext_noop("On the waiting list: %(title)s, %(day)s at %(time)s"),
    Notice.Kind.WITHDRAWN: gettext_noop("Enrolment cancelled: %(title)s, %(day)s at %(time)s"),
}
SUBJECTS = CHANGE_SUBJECTS | ENROLMENT_SUBJECTS


def is_overtaken(notice: Notice) -> bool:
    """Nobody is told of an enrolment that has been decided otherwise since, nor of the lesson that one has left meanwhile."""
    if notice.change is None:
        return False
    if notice.change.kind != Change.Kind.ENROLLED:
        return bool(notice.client_id) and not change_words.lines_for(notice)
    if notice.kind == Notice.Kind.UNPAID:
        return not _unpaid(notice).exists()
    return not places.lessons_told(notice)


def compose(notice: Notice) -> EmailMultiAlternatives:
    club = notice.club
    with translation.override(club.language), timezone.override(club.zone):
        context = _context(notice)
        message = EmailMultiAlternatives(
            subject=" ".join(_subject(notice).split()),  # one line, whatever a title holds
            body=render_to_string(f"lessons/mail/{notice.kind}.txt", context).strip() + "\n",
            from_email=formataddr((" ".join(club.name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
            to=[notice.recipient_email],
            reply_to=[club.email] if club.email else None,
            headers={"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string(f"lessons/mail/{notice.kind}.html", context), "text/html")
    if notice.teacher_id and (lessons := _lessons_of(notice, context)):
        message.attach(_events(notice, lessons))
    if "opt_out" in context:  # what mail programs show as their own "unsubscribe" (RFC 8058)
        message.extra_headers |= {"List-Unsubscribe": f"<{context['opt_out']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return message


def _lessons_of(notice: Notice, context: dict[str, Any]) -> list[Lesson]:
    """With its repeats; of a change, all that are this teacher's now, or were and are cancelled."""
    if notice.change is None:
        return [notice.lesson, *context.get("repeats", [])]
    lessons = Lesson.objects.filter(pk__in=notice.change.lesson_ids, teacher=notice.teacher_id)
    return list(lessons.select_related("place", "teacher").order_by("starts_at"))


def _events(notice: Notice, lessons: list[Lesson]) -> MIMEText:
    """A teacher's calendar takes the lessons from the e-mail itself."""
    part = MIMEText(write_event(club=notice.club, lessons=lessons).decode(), "calendar", "utf-8")
    part.set_param("method", method_for(lessons))
    part.add_header("Content-Disposition", "attachment", filename="planning.ics")
    return part


def _subject(notice: Notice) -> str:
    lesson = notice.lesson
    facts = {"title": lesson.title, "day": long_day(lesson.local_start.date()), "time": clock(lesson.local_start)}
    if notice.kind == Notice.Kind.REMINDER:
        # Translators: "Rappel : %(title)s, %(day)s à %(time)s"
        return _("Reminder: %(title)s, %(day)s at %(time)s") % facts
    if notice.kind == Notice.Kind.RENEWAL:
        # Translators: French “%(club)s : votre abonnement touche à sa fin”
        return _("%(club)s: your subscription is nearly used up") % {"club": notice.club.name}
    if notice.kind in SUBJECTS:
        return gettext(SUBJECTS[notice.kind]) % facts
    if notice.kind == Notice.Kind.UNPAID:
        # Translators: "Inscriptions impayées : %(title)s, %(day)s à %(time)s"
        return _("Unpaid enrolments: %(title)s, %(day)s at %(time)s") % facts
    # Translators: "%(title)s, %(day)s à %(time)s"
    return _("%(title)s, %(day)s at %(time)s") % facts


def _context(notice: Notice) -> dict[str, Any]:
    lesson = notice.lesson
    context: dict[str, Any] = {"notice": notice, "lesson": lesson, "club": notice.club, "recipient": notice.teacher or notice.client}
    if notice.kind == Notice.Kind.REMINDER and notice.client:
        context["opt_out"] = link_for(notice.client)
    if notice.subscription:
        context |= {"subscription": notice.subscription, "left": notice.subscription.remaining}
    if notice.kind in ENROLMENT_SUBJECTS:
        context["lessons"] = told = places.lessons_told(notice)
        context["charged"] = any(lesson.held and lesson.charged for lesson in told)
    elif notice.change:
        context["lines"] = change_words.lines_for(notice)
        context["waits"] = _waits_only(notice)
    if notice.kind == Notice.Kind.PLANNED and lesson.series_id:
        context["repeats"] = Lesson.objects.planned().filter(series=lesson.series_id).exclude(pk=lesson.pk).select_related("place")
    if notice.kind == Notice.Kind.UNPAID:
        names = ("client__first_name", "client__last_name")
        context["unpaid"] = _unpaid(notice).values(*names).annotate(lessons=Count("id")).order_by("client__last_name", "client__first_name")
    return context


def _unpaid(notice: Notice) -> EnrolmentQuerySet:
    """Of the lesson with its repeats; of a decision about enrolments, those that it was about."""
    unpaid = Enrolment.objects.charged().filter(status=Enrolment.Status.UNPAID)
    if notice.change:
        rows = notice.change.rows
        return unpaid.filter(lesson__in={row["lesson"] for row in rows}, client__in={row["client"] for row in rows})
    return unpaid.filter(lesson__series=notice.lesson.series_id) if notice.lesson.series_id else unpaid.filter(lesson=notice.lesson)


def _waits_only(notice: Notice) -> bool:
    """The recipient has no place in any of the lessons that changed."""
    if notice.change is None or notice.client_id is None:
        return False
    return not Enrolment.objects.holding().filter(client=notice.client_id, lesson__in=notice.change.lesson_ids).exists()
