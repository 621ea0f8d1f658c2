"""A lesson on the planning. In Python and not in a template: a club's week has hundreds of them, and this is six times as quick."""

from functools import cache
from html import escape
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from lessons import times, wording
from lessons.models import Lesson
from lessons.week import Card

register = template.Library()

USUAL_MINUTES = 60
CARD = (  # whatever a person wrote is escaped below
    '<a id="lesson-{pk}" class="lesson c{silk}{state}" href="{url}" data-dialog data-teacher="{teacher}"{follow}>'
    '<b dir="auto"><time{sharp} datetime="{iso}">{clock} </time>{title}</b>'
    '<span class="meta"><span>{who} · {place}{lasts}</span><span{full} data-count>{enrolled}/{capacity}{waiting}</span></span>{more}</a>'
)


@register.simple_tag
def lesson_card(card: Card, fresh: Lesson | None, may_plan: bool) -> SafeString:
    lesson, is_fresh = card.lesson, card.lesson == fresh
    is_followed = card.is_followed or (is_fresh and lesson.job is not None)
    minutes = lesson.duration_minutes
    return SafeString(
        CARD.format(
            pk=lesson.pk,
            silk=lesson.teacher.silk,
            state=f" fresh is-{lesson.job.status}" if is_followed and lesson.job else "",
            url=_any_lesson().replace("/0/", f"/{lesson.pk}/"),
            teacher=lesson.teacher_id,
            follow=(" data-fresh" if is_fresh else "") + (f' data-job="{lesson.job_id}"' if is_followed else ""),
            sharp=' class="sharp"' if card.is_sharp else "",
            iso=card.starts_at.isoformat(),
            clock=wording.clock(card.starts_at),
            title=escape(lesson.title),
            who=escape(card.teacher),
            place=escape(lesson.place.name),
            lasts=f", {escape(times.duration(minutes))}" if minutes != USUAL_MINUTES else "",
            full=' class="full"' if card.enrolled >= lesson.capacity else "",
            enrolled=card.enrolled,
            capacity=lesson.capacity,
            waiting=_waiting(card.waiting) if card.waiting else "",
            more=_more(lesson, is_followed, may_plan and card.has_undelivered),
        )
    )


@cache
def _any_lesson() -> str:
    """Looked up once: it is the dearest part of a card."""
    return reverse("lesson", args=[0])


def _waiting(count: int) -> str:
    # Translators: read aloud after the number of people on a waiting list; French “en attente”
    return f' +{count}<span class="sr"> {escape(gettext("waiting for a place"))}</span>'


def _more(lesson: Lesson, is_followed: bool, is_undelivered: bool) -> SafeString:
    """What goes on behind it, or waits for a person."""
    if not (is_followed or is_undelivered):
        return SafeString("")
    context: dict[str, Any] = {"job": lesson.job if is_followed else None, "undelivered": is_undelivered}
    return render_to_string("lessons/card_more.html", context)
