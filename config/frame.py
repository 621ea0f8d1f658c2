"""What stands around every page: sections, the person's club, the work that goes on, and whether anybody does it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from jobs import tray
from jobs.access import is_operator
from jobs.models import Job
from lessons import access
from lessons.models import Club, Membership


@dataclass(frozen=True)
class Section:
    name: str
    url: str
    icon: str
    current: bool = False


@dataclass(frozen=True)
class Frame:
    user: Any  # None where nobody has logged in
    club: Club | None = None
    clubs: tuple[Club, ...] = ()
    sections: tuple[Section, ...] = ()
    jobs: tuple[Job, ...] = ()
    under_way: int = 0
    workers_alive: bool = True
    may_change_jobs: bool = False
    may_manage: bool = False  # the club


def frame(request: HttpRequest) -> dict[str, Any]:
    """Lazy: an error page, or an answer of the API, asks nothing and costs nothing."""
    return {"frame": SimpleLazyObject(partial(build, request))}


def build(request: HttpRequest) -> Frame:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Frame(user=None)
    # A page of the club has already asked whose it is.
    membership = getattr(request, "membership", None) or access.membership_of(request)
    scope = membership.club.scope if membership else ""
    may_manage = bool(membership and membership.role == Membership.Role.MANAGER)
    may_change = is_operator(user) or may_manage
    work = tray.look_at(scope, asked_by=None if may_change else user)
    return Frame(
        user=user,
        club=membership.club if membership else None,
        clubs=tuple(sorted((each.club for each in access.memberships_of(request)), key=lambda club: club.name)),
        sections=sections_of(request, membership),
        jobs=tuple(work.jobs),
        under_way=work.under_way,
        workers_alive=work.workers_alive or settings.JOBS_INLINE,  # within the request, nothing waits for a worker
        may_change_jobs=may_change,
        may_manage=may_manage,
    )


def sections_of(request: HttpRequest, membership: Membership | None) -> tuple[Section, ...]:
    name = (request.resolver_match.url_name if request.resolver_match else "") or ""
    sections = [Section(_("Planning"), reverse("planning"), "plan", current=name.startswith(("planning", "lesson")))]
    if membership and membership.role == Membership.Role.MANAGER:
        sections += [
            Section(_("Clients"), reverse("clients"), "rider", current=name.startswith(("client", "programme"))),
            # Translators: sections of the site: French “Lettres”, “Notes”
            Section(_("Letters"), reverse("letters"), "letter", current=name.startswith("letters")),
            Section(pgettext("voice", "Notes"), reverse("notes"), "mic", current=name.startswith("note")),
            # Translators: French “Effectifs”
            Section(_("Staffing"), reverse("staffing"), "staff", current=name.startswith("staffing")),
        ]
    if is_operator(request.user):
        sections.append(Section(_("Administration"), reverse("admin:index"), "tools"))
    return tuple(sections)
