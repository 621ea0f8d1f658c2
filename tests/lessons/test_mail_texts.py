"""What the e-mails say."""

from datetime import date, timedelta
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from lessons import notices
from lessons.models import Client, Club, Lesson, Notice
from lessons.planner import Rule
from tests.lessons.world import World, at, run_follow_up

pytestmark = pytest.mark.django_db


def notice_to(client: Client) -> Notice:
    return Notice.objects.with_details().get(client=client)


def planned(world: World, **values: object) -> Lesson:
    lesson = world.plan(clients=[world.camille.pk, world.hugo.pk], **values).lesson
    run_follow_up(lesson)
    return lesson


def test_it_says_what_when_where_and_with_whom(world: World) -> None:
    planned(world)
    message = notices.compose(notice_to(world.camille))
    day = world.day
    assert message.subject == f"Galop 2, Wednesday {day.day} February {day.year} at 16:00"
    for words in ("Hello Camille,", "Galop 2", f"Wednesday {day.day} February {day.year}, 16:00 – 17:00", "Carrière, Sophie Lambert"):
        assert words in message.body


def test_it_speaks_the_clubs_language_and_not_the_managers(world: World) -> None:
    planned(world)
    world.club.language = "fr"
    world.club.save()
    assert "mercredi" in notices.compose(notice_to(world.camille)).subject


def test_french_counts_the_first_of_a_month(world: World) -> None:
    first = date(world.day.year, 7, 1)
    lesson = world.plan(clients=[world.camille.pk], starts_at=at(first, 16), repeat=Rule(first)).lesson
    run_follow_up(lesson)
    Club.objects.update(language="fr")
    message = notices.compose(notice_to(world.camille))
    [html] = message.alternatives
    assert all(f"1er juillet {first.year}" in str(text) for text in (message.subject, message.body, html[0]))


def test_it_lists_the_other_dates(world: World) -> None:
    planned(world, repeat=world.weeks(3))
    later = world.day + timedelta(weeks=1)
    assert f"Wednesday {later.day} February {later.year}" in notices.compose(notice_to(world.camille)).body


def test_the_html_says_the_same(world: World) -> None:
    planned(world, title="Saut & <galop>")
    message = notices.compose(notice_to(world.camille))
    [html] = message.alternatives
    assert "Saut &amp; &lt;galop&gt;" in str(html[0])
    assert "Saut & <galop>" in message.body


def test_the_manager_reads_who_has_not_paid(world: World) -> None:
    planned(world, repeat=world.weeks(2))
    message = notices.compose(Notice.objects.with_details().get(user=world.manager))
    assert "Camille  – 2 unpaid lessons" in message.body.replace("\xa0", " ")


def test_answers_go_to_the_club(world: World) -> None:
    planned(world)
    message = notices.compose(notice_to(world.hugo))
    assert message.reply_to == ["club@example.org"]
    assert parseaddr(str(make_header(decode_header(message.from_email)))) == ("Les Écuries du Bois", "aussitot@localhost")


def test_no_header_can_be_smuggled_in(world: World) -> None:
    lesson = planned(world)
    Lesson.objects.filter(pk=lesson.pk).update(title="Galop\r\nBcc: all@example.org")
    message = notices.compose(notice_to(world.camille)).message()
    assert message["Bcc"] is None
    assert "Galop Bcc:" in str(message["Subject"])


def test_the_message_id_stays_the_same(world: World) -> None:
    planned(world)
    ids = {notices.compose(notice_to(world.camille)).message()["Message-ID"] for _ in range(2)}
    assert ids == {notice_to(world.camille).message_id}


def test_a_reminder_says_so(world: World) -> None:
    lesson = planned(world)
    reminder = Notice.objects.create(club=world.club, lesson=lesson, kind="reminder", client=world.camille, recipient_email="c@example.org")
    assert notices.compose(reminder).subject.startswith("Reminder: Galop 2")
