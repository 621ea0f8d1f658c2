"""The pages of the subscriptions: who has how much left, who owes what, one subscription with its ledger."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import services
from .forms_subscriptions import USUAL_CREDITS, SubscriptionForm
from .models import Client, Club, Enrolment, Subscription
from .overview_subscriptions import UNPAID_TAB, Tab, count_tabs, ledger_of, list_subscriptions, list_unpaid, oldest_unpaid
from .views import manager_page

ROWS_A_PAGE = 50
LARGEST_ID = 2**63 - 1
SHOW_OR_SEND = ["GET", "HEAD", "POST"]


class Counted(Paginator):  # type: ignore[type-arg]  # generic for the type checker alone
    """Pages of rows whose number is known already."""

    def __init__(self, rows: QuerySet[Any], count: int) -> None:
        super().__init__(rows, ROWS_A_PAGE)
        self.count = count  # in place of the property that asks the database


@require_GET
@manager_page
def subscriptions(request: HttpRequest, club: Club) -> HttpResponse:
    """`?etat=` is one of the tabs, `?q=` finds a client, `?regle=` the enrolment that was just marked as paid."""
    search, day = request.GET.get("q", "").strip(), timezone.localdate()
    tabs = count_tabs(club, day=day, search=search)
    tab = next((tab for tab in tabs if tab.key == request.GET.get("etat")), tabs[0])
    page = Counted(_rows(club, tab, day, search), tab.count).get_page(request.GET.get("page"))
    settled = _number(request.GET.get("regle"))
    context = {"tabs": tabs, "tab": tab.key, "page": page, "search": search, "today": day, "settled": settled}
    return render(request, "lessons/subscriptions.html", context)


@require_http_methods(SHOW_OR_SEND)
@manager_page
def new_subscription(request: HttpRequest, club: Club) -> HttpResponse:
    """`?client=` is whose it will be."""
    day = timezone.localdate()
    if request.method != "POST":
        return _show_form(request, SubscriptionForm(club=club, day=day, initial=_usual(request, club, day)))
    form = SubscriptionForm(request.POST, club=club, day=day)
    if form.is_valid():
        try:
            made, settled = services.sell_subscription(club=club, **form.cleaned_data)
        except services.Refused as refusal:
            form.refuse(refusal)
        else:
            # Translators: French “Abonnement de %(name)s enregistré”
            said = _("Subscription of %(name)s recorded") % {"name": made.client}
            messages.success(request, f"{said} · {_settled(settled)}" if settled else said)
            return redirect("client-subscription", pk=made.pk)
    return _show_form(request, form, status=422)


@require_GET
@manager_page
def subscription(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = _find(club, pk)
    page = Counted(ledger_of(found), found.rows).get_page(request.GET.get("page"))
    return render(request, "lessons/subscription.html", {"subscription": found, "page": page, "today": timezone.localdate()})


@require_http_methods(SHOW_OR_SEND)
@manager_page
def edit_subscription(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found, day = _find(club, pk), timezone.localdate()
    if "delete" in request.POST:
        return _delete(request, found)
    if request.method != "POST":
        initial = {name: getattr(found, name) for name in ("kind", "credits", "valid_from", "valid_until")}
        return _show_form(request, SubscriptionForm(club=club, day=day, subscription=found, initial=initial), found)
    form = SubscriptionForm(request.POST, club=club, day=day, subscription=found)
    if form.is_valid():
        try:
            services.change_subscription(subscription=found, **form.cleaned_data)
        except services.Refused as refusal:
            form.refuse(refusal)
        else:
            # Translators: French “Abonnement enregistré”
            messages.success(request, _("Subscription saved"))
            return redirect("client-subscription", pk=pk)
    return _show_form(request, form, found, status=422)


@require_POST
@manager_page
def settle(request: HttpRequest, club: Club) -> HttpResponse:
    """`client`: let the subscriptions pay; `paid` and `unpaid`: one enrolment, by hand. Whoever was first, the page shows how it stands."""
    place = f"{reverse('client-subscriptions')}?etat={UNPAID_TAB}"
    match request.POST:
        case {"client": pk}:
            count = services.settle_unpaid(club=club, client=get_object_or_404(Client, club=club, pk=_number_or_400(pk)))
            if count:
                messages.success(request, _settled(count))
            else:
                # Translators: French “Aucun abonnement ne couvre ces cours.”
                messages.warning(request, _("No subscription covers these lessons."))
        case {"paid": pk}:
            if services.mark_paid_otherwise(enrolment=_enrolment(club, pk)):
                place += f"&regle={pk}"
        case {"unpaid": pk}:
            services.mark_unpaid(enrolment=_enrolment(club, pk))
        case _:
            raise BadRequest
    return redirect(place)


def _rows(club: Club, tab: Tab, day: date, search: str) -> QuerySet[Any]:
    if tab.key == UNPAID_TAB:
        return list_unpaid(club, search=search)
    return list_subscriptions(club, day=day, search=search, tab=tab.key)


def _usual(request: HttpRequest, club: Club, day: date) -> dict[str, Any]:
    client = Client.objects.filter(club=club, pk=_number(request.GET.get("client")) or 0).first()
    owes_since = oldest_unpaid(client) if client else None
    begin = min(day, owes_since) if owes_since else day
    return {"client": client, "kind": "pack", "credits": USUAL_CREDITS, "valid_from": begin, "settles": True}


def _show_form(request: HttpRequest, form: SubscriptionForm, found: Subscription | None = None, status: int = 200) -> HttpResponse:
    back = reverse("client-subscription", args=[found.pk]) if found else reverse("client-subscriptions")
    return render(request, "lessons/subscription_form.html", {"form": form, "subscription": found, "back": back}, status=status)


def _delete(request: HttpRequest, found: Subscription) -> HttpResponse:
    try:
        services.remove(found)
    except services.InUse as refusal:
        messages.error(request, str(refusal))
        return redirect("client-subscription", pk=found.pk)
    # Translators: French “Abonnement supprimé”
    messages.success(request, _("Subscription deleted"))
    return redirect("client-subscriptions")


def _settled(count: int) -> str:
    # Translators: French “%(count)d cours impayé réglé”, “%(count)d cours impayés réglés”
    return ngettext("%(count)d unpaid lesson settled", "%(count)d unpaid lessons settled", count) % {"count": count}


def _find(club: Club, pk: int) -> Any:
    """`rows`: of its ledger."""
    return get_object_or_404(Subscription.objects.select_related("client").annotate(rows=Count("uses")), club=club, pk=pk)


def _enrolment(club: Club, pk: Any) -> Enrolment:
    return get_object_or_404(Enrolment, lesson__club=club, pk=_number_or_400(pk))


def _number(text: Any) -> int | None:
    return int(text) if text and text.isdecimal() and int(text[:20]) <= LARGEST_ID and len(text) < 20 else None


def _number_or_400(text: Any) -> int:
    if (number := _number(text)) is None:
        raise BadRequest
    return number
