"""Whose club, and what may be done in it. Everything that a request sees goes through here."""

from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from .models import Membership


def scopes_of(user: Any) -> list[str]:
    """The scopes of the jobs that a user may see: the clubs'."""
    if not user.is_authenticated:
        return []
    return [membership.club.scope for membership in _memberships_of(user)]


def may_change(user: Any, scope: str) -> bool:
    """The jobs of a club are its managers': a teacher follows them, as on the planning, and changes nothing."""
    if not user.is_authenticated:
        return False
    return any(membership.club.scope == scope and membership.role == Membership.Role.MANAGER for membership in _memberships_of(user))


def memberships_of(request: Any) -> list[Membership]:
    """Of the caller, the last used first; asked once a request."""
    if not hasattr(request, "memberships"):
        request.memberships = _memberships_of(request.user)
    found: list[Membership] = request.memberships
    return found


def membership_of(request: HttpRequest | Request) -> Membership | None:
    """In the club that `?club=` or `X-Club` names (404 unless the caller is in it), else in the last used one; None: in no club."""
    memberships = memberships_of(request)
    named = request.GET.get("club") or request.headers.get("X-Club")
    if not named:
        return memberships[0] if memberships else None
    for membership in memberships:
        if str(membership.club_id) == named:
            if membership is not memberships[0]:
                _remember(membership)
            return membership
    raise Http404


def _memberships_of(user: Any) -> list[Membership]:
    newest_first = (F("last_used_at").desc(nulls_last=True), "club__name", "pk")
    return list(Membership.objects.filter(user=user).select_related("club").order_by(*newest_first))


def _remember(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(last_used_at=timezone.now())


class InClub(BasePermission):
    """For views that keep the caller's membership in `self.membership`."""

    message = _("You are in no club yet. Ask its manager to add you.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return getattr(view, "membership", None) is not None


class ManagersWrite(InClub):
    """Teachers read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        self.message = _("Only a manager of the club may do this.")
        return request.method in SAFE_METHODS or view.membership.role == Membership.Role.MANAGER  # type: ignore[attr-defined]  # ClubView


class OnlyManagers(ManagersWrite):
    """What teachers do not even read: addresses, contracts."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and view.membership.role == Membership.Role.MANAGER  # type: ignore[attr-defined]  # ClubView
