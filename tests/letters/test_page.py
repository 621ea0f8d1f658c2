"""The page of the letters as it is served: who may see it, what each button does, and what it costs."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from jobs.worker import drain
from letters import services
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import Catcher
from tests.lessons.world import World, visitor_of
from tests.letters.office import Office, statuses

SESSION_USER_AND_MEMBERSHIP = 3
NO_BATCH = "00000000-0000-7000-8000-000000000000"
PATHS = ["", "send/", "retry/", f"stop/{NO_BATCH}/", "preview/", "preview/pdf/", "wording/", "log.csv", "teachers/import/"]


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return visitor_of(office.manager)


def page_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def see(visitor: Visitor, path: str = "") -> str:
    return page_of(visitor.get(f"/club/letters/{path}"))


def end(letter: VolunteerLetterSend, status: str, reason: str = "") -> VolunteerLetterSend:
    VolunteerLetterSend.objects.filter(pk=letter.pk).update(status=status, error_message=reason)
    Job.objects.filter(pk__in=[letter.job_id]).update(status="error")
    letter.refresh_from_db()
    return letter


def post(visitor: Visitor, path: str, **data: Any) -> Any:
    return visitor.post(f"/club/letters/{path}", data)


# ── Who ──


@pytest.mark.parametrize("path", PATHS)
def test_a_teacher_reads_nothing_here(office: Office, world: World, path: str) -> None:
    answer = visitor_of(world.teacher_user()).get(f"/club/letters/{path}")
    assert answer.status_code == 403
    assert "This is not open to you" in page_of(answer)


def test_the_section_is_offered_to_managers_alone(visitor: Visitor, world: World) -> None:
    assert 'href="/club/letters/"' in page_of(visitor.get("/club/planning"))
    assert 'href="/club/letters/"' not in page_of(visitor_of(world.teacher_user()).get("/club/planning"))


@pytest.mark.parametrize("action", ["again", "arrived", "cancel"])
def test_another_clubs_letter_is_not_there(office: Office, action: str) -> None:
    letter = office.letter_to(office.sophie)
    stranger = visitor_of(World("Other", "other-").manager)
    assert post(stranger, f"{letter.pk}/{action}/").status_code == 404
    assert statuses() == {"Sophie Lambert": "pending"}


def test_another_clubs_teacher_is_not_there(office: Office) -> None:
    stranger = visitor_of(World("Other", "other-").manager)
    pk = office.sophie.pk
    for path in (f"teachers/{pk}/", f"preview/pdf/?teacher={pk}", f"send/?teacher={pk}"):
        assert stranger.get(f"/club/letters/{path}").status_code == 404, path


# ── The list ──


def test_each_volunteer_has_a_state_and_a_reason(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed", "550 No such person here.")
    row = see(visitor).split(f'id="row-{office.sophie.pk}"')[1].split("</tr>")[0]
    assert "Failed" in row
    assert "550 No such person here." in row


def test_the_servers_words_say_whose_they_are(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed", "550 5.1.1 User unknown")
    assert "The mail server refused it: “550 5.1.1 User unknown”" in see(visitor)


def test_an_accent_does_not_send_a_name_to_the_end(visitor: Visitor, office: Office, world: World) -> None:
    world.teacher("Émilie", "Jacobs")
    page = see(visitor)
    assert page.index("Émilie Jacobs") < page.index("Léa Dumont")


def test_tabs_count_and_narrow(visitor: Visitor, office: Office) -> None:
    office.letter_to(office.sophie)
    waiting = see(visitor, "?etat=en-attente")
    assert "Waiting <span>1</span>" in waiting
    assert "Sophie Lambert" in waiting
    assert "Léa Dumont" not in waiting


def test_many_teachers_are_turned_page_by_page(visitor: Visitor, office: Office) -> None:
    office.volunteers(60)
    assert "1 to 50 of 62" in see(visitor)
    assert see(visitor, "?etat=pas-encore&page=2").count("<tr id=") == 12


@pytest.mark.parametrize("query", ["?etat=x", "?page=x", "?page=999", "?page=-1"])
def test_an_odd_address_shows_a_page_all_the_same(visitor: Visitor, query: str) -> None:
    assert "Sophie Lambert" in see(visitor, query)


def test_what_a_person_must_decide_is_on_top(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.lea), "failed")
    end(office.letter_to(office.sophie), "unsure")
    yours = see(visitor).split('id="yours"')[1].split("</section>")[0]
    assert yours.index("Sophie Lambert") < yours.index("Léa Dumont"), "only a person can end what is unsure"


def test_a_teacher_who_was_deleted_is_still_decided_upon(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "unsure")
    office.sophie.delete()
    assert "It arrived" in see(visitor)


def test_without_teachers_the_page_says_the_next_step(visitor: Visitor, office: Office) -> None:
    office.club.teachers.all().delete()
    page = see(visitor)
    assert "No volunteer teacher yet" in page
    assert 'href="/club/letters/teachers/import/"' in page


def test_a_name_with_html_is_a_name(visitor: Visitor, office: Office, world: World) -> None:
    world.teacher("<script>alert(1)</script>")
    assert "<script>alert(1)" not in visitor.get("/club/letters/").content.decode()


@pytest.mark.parametrize("count", [10, 1000])
def test_the_page_costs_three_queries_whatever_the_number_of_teachers(visitor: Visitor, office: Office, count: int) -> None:
    office.volunteers(count - 2)
    office.send()
    visitor.get("/club/letters/")
    with CaptureQueriesContext(connection) as queries:
        assert f"All <span>{count}</span>" in see(visitor)
    assert len(queries) - SESSION_USER_AND_MEMBERSHIP <= 3


# ── Sending ──


def test_the_dry_run_says_who_gets_a_letter_and_why_others_do_not(visitor: Visitor, office: Office, world: World) -> None:
    world.teacher("Luc", email="")
    services.save_facts(teacher=office.lea, employed_as="teaching riders")
    page = see(visitor, "send/")
    assert "<b>1 letter</b> will go" in page
    assert "<b>1</b> – No e-mail address." in page
    assert "<b>1</b> – Employed by the club for the same activity" in page
    assert "Send 1 letter" in page
    assert not VolunteerLetterSend.objects.exists()


def test_the_click_sends_and_the_batch_is_followed(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "send/", teachers="all", request_key="one-click")
    assert (answer.status_code, answer["Location"]) == (302, "/club/letters/")
    page = see(visitor)
    assert "2 letters are being sent" in page
    assert f'data-batch="{Job.objects.filter(kind="letters.send").values_list("batch", flat=True)[0]}"' in page


def test_a_form_sent_twice_sends_once_even_after_the_letter_has_gone(visitor: Visitor, office: Office) -> None:
    form = {"teachers": [office.sophie.pk], "request_key": "one-click"}
    post(visitor, "send/", **form)
    VolunteerLetterSend.objects.update(status="sent", sent_at=timezone.now())
    post(visitor, "send/", **form)
    assert statuses() == {"Sophie Lambert": "sent"}
    assert VolunteerLetterSend.objects.count() == 1


def test_each_form_has_a_key_of_its_own(visitor: Visitor, office: Office) -> None:
    first, second = (see(visitor, "send/").split('name="request_key" value="')[1][:36] for _ in range(2))
    assert first != second


def test_a_choice_is_shown_before_it_is_sent(visitor: Visitor, office: Office) -> None:
    page = page_of(post(visitor, "send/", teachers=[office.sophie.pk]))
    assert "<b>1 letter</b> will go" in page
    assert f'name="teachers" value="{office.sophie.pk}"' in page


@pytest.mark.parametrize("teachers", [[], ["x"], ["-1"], ["99999999999999999999"], ["١"]])
def test_a_choice_of_nobody_leads_back(visitor: Visitor, teachers: list[str]) -> None:
    answer = post(visitor, "send/", teachers=teachers)
    assert (answer.status_code, answer["Location"]) == (302, "/club/letters/")


def test_what_the_wording_lacks_is_named_with_a_link_to_its_field(visitor: Visitor, office: Office) -> None:
    office.reword(insurer="")
    assert 'href="/club/letters/wording/#id_insurer"' in see(visitor)
    assert 'href="/club/letters/wording/#id_insurer"' in see(visitor, "send/")
    assert post(visitor, "send/", teachers="all", request_key="k").status_code == 422
    assert not VolunteerLetterSend.objects.exists()


def test_a_year_without_figures_is_said(visitor: Visitor, office: Office) -> None:
    office.figures.delete()
    answer = visitor.get("/club/letters/send/")
    assert answer.status_code == 422
    assert "an operator adds them" in page_of(answer)


# ── One letter ──


def test_a_failed_letter_is_sent_again(visitor: Visitor, office: Office) -> None:
    letter = end(office.letter_to(office.sophie), "failed")
    answer = post(visitor, f"{letter.pk}/again/", next="/club/letters/?etat=a-traiter")
    assert answer["Location"] == "/club/letters/?etat=a-traiter"
    assert statuses() == {"Sophie Lambert": "pending"}


@pytest.mark.parametrize(("action", "status"), [("again", "pending"), ("arrived", "sent")])
def test_an_unsure_letter_is_decided(visitor: Visitor, office: Office, action: str, status: str) -> None:
    letter = end(office.letter_to(office.sophie), "unsure")
    post(visitor, f"{letter.pk}/{action}/")
    assert statuses() == {"Sophie Lambert": status}


def test_a_second_decision_is_told_that_it_comes_late(visitor: Visitor, office: Office) -> None:
    letter = end(office.letter_to(office.sophie), "unsure")
    for _ in range(2):
        post(visitor, f"{letter.pk}/arrived/")
    assert "This letter is not waiting for a decision." in see(visitor)


def test_a_waiting_letter_can_be_stopped(visitor: Visitor, office: Office) -> None:
    letter = office.letter_to(office.sophie)
    post(visitor, f"{letter.pk}/cancel/")
    assert statuses() == {"Sophie Lambert": "cancelled"}


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example/", "/club/planning", ""])
def test_the_way_back_stays_among_the_letters(visitor: Visitor, office: Office, place: str) -> None:
    letter = office.letter_to(office.sophie)
    assert post(visitor, f"{letter.pk}/cancel/", next=place)["Location"] == "/club/letters/"


def test_a_letter_without_its_pdf_has_none_to_show(visitor: Visitor, office: Office) -> None:
    assert visitor.get(f"/club/letters/{office.letter_to(office.sophie).pk}/pdf/").status_code == 404


def test_a_file_that_is_no_longer_the_one_that_was_sent_is_not_shown(visitor: Visitor, office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.sophie)
    drain()
    letter.refresh_from_db()
    assert visitor.get(f"/club/letters/{letter.pk}/pdf/").status_code == 200
    Path(letter.pdf.path).write_bytes(b"something else")
    assert visitor.get(f"/club/letters/{letter.pk}/pdf/").status_code == 404


# ── Retry the failed ──


def test_a_retry_says_beforehand_what_it_will_do(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed")
    end(office.letter_to(office.lea), "unsure")
    page = see(visitor, "retry/")
    assert "1 letter would go again" in page
    assert "1 waits for your decision" in page
    assert statuses() == {"Sophie Lambert": "failed", "Léa Dumont": "unsure"}


def test_a_retry_sends_the_failed_and_leaves_the_unsure(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed")
    end(office.letter_to(office.lea), "unsure")
    post(visitor, "retry/")
    assert statuses() == {"Sophie Lambert": "pending", "Léa Dumont": "unsure"}


def test_a_retry_is_of_the_year_that_the_page_shows(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed")
    VolunteerLetterSend.objects.update(year=office.year - 1)
    end(office.letter_to(office.lea), "failed")
    assert f"Retry the failed of {office.year}" in see(visitor, "retry/")
    assert "1 letter would go again" in see(visitor, "retry/")
    post(visitor, "retry/")
    assert statuses() == {"Sophie Lambert": "failed", "Léa Dumont": "pending"}


def test_a_card_that_blocks_a_retry_is_named_with_the_reason(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed")
    office.club.teachers.update(email="")
    page = see(visitor, "retry/")
    assert "1 would stay blocked: its card needs mending" in page
    assert f'<a href="/club/letters/teachers/{office.sophie.pk}/">Sophie Lambert</a> – No e-mail address.' in page


# ── The log ──


def test_the_log_is_a_file_for_spreadsheets(visitor: Visitor, office: Office) -> None:
    end(office.letter_to(office.sophie), "failed", "=1+1")
    answer = visitor.get("/club/letters/log.csv")
    head, line = answer.content.decode("utf-8-sig").splitlines()
    assert answer["Content-Disposition"].startswith("attachment")
    assert len(head.split(";")) == len(line.split(";"))
    assert "Sophie Lambert;t@example.org;Failed;'=1+1" in line, "what begins like a formula is text"
