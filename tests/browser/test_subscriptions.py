"""A subscription is sold, a calendar's address given, reminders stopped: in a real browser."""

import re

from playwright.sync_api import expect

from lessons import opt_out, services
from lessons.models import CalendarFeed, Client, Enrolment, Subscription
from tests.browser.conftest import OpenPage
from tests.lessons.world import World, run_follow_up


def test_a_pack_is_sold_to_who_owes_and_pays_it(open_page: OpenPage, world: World) -> None:
    lesson = world.plan(clients=[world.hugo.pk]).lesson
    run_follow_up(lesson)
    page = open_page("/club/subscriptions/?etat=impayes")
    expect(page.get_by_role("main")).to_contain_text("Galop 2")
    page.goto(f"/club/subscriptions/new/?client={world.hugo.pk}")
    page.get_by_label("Number of sessions").fill("5")
    page.get_by_role("button", name="Add the subscription").click()
    expect(page.get_by_role("main")).to_contain_text("Galop 2")
    assert (Enrolment.objects.get().status, Subscription.objects.get().remaining) == ("paid", 4)


def test_what_is_wrong_with_a_sale_is_said_at_its_field(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/subscriptions/new/?client={world.hugo.pk}")
    page.get_by_label("Number of sessions").fill("")
    page.get_by_role("button", name="Add the subscription").click()
    expect(page.locator("#id_credits_error")).to_contain_text("A pack has a number of lessons.")
    assert not Subscription.objects.exists()


def test_an_address_is_given_changed_and_closed(open_page: OpenPage, world: World) -> None:
    page = open_page("/club/calendars/")
    page.get_by_role("button", name=re.compile("Create an address.*Sophie")).click()
    address = page.get_by_label("Address of the calendar, Sophie Lambert")
    expect(address).to_have_value(re.compile(CalendarFeed.objects.get().secret))
    before = CalendarFeed.objects.get().secret
    page.get_by_role("button", name=re.compile("Change the address.*Sophie")).click()
    expect(page.get_by_text("New address: the old one no longer answers.")).to_be_visible()
    assert CalendarFeed.objects.get().secret != before
    page.get_by_role("button", name=re.compile("Close it.*Sophie")).click()
    expect(page.get_by_role("button", name=re.compile("Create an address.*Sophie"))).to_be_visible()
    assert not CalendarFeed.objects.exists()


def test_a_client_without_an_account_stops_the_reminders_and_starts_them_again(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/reminders/{opt_out.token_for(world.hugo)}/", user=None)
    page.get_by_role("button", name="Stop the reminders").click()
    expect(page.get_by_role("heading", name="You will receive no more reminders")).to_be_visible()
    assert not Client.objects.get(pk=world.hugo.pk).wants_reminders
    page.get_by_role("button", name="Receive reminders again").click()
    expect(page.get_by_role("heading", name="No more reminders?")).to_be_visible()
    assert Client.objects.get(pk=world.hugo.pk).wants_reminders


def test_the_record_of_a_client_shows_lessons_and_credit(open_page: OpenPage, world: World) -> None:
    services.sell_subscription(club=world.club, client=world.hugo, kind="pack", credits=5, valid_from=world.day)
    run_follow_up(world.plan(clients=[world.hugo.pk]).lesson)
    page = open_page(f"/club/clients/{world.hugo.pk}/")
    expect(page.get_by_role("main")).to_contain_text("Galop 2")
