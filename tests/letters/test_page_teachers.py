"""A teacher's card as the letters need it, and a whole file of teachers."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Visitor
from pytest_django import Settings

from lessons.models import Teacher
from letters.forms import LARGEST_CSV
from letters.models import VolunteerFacts
from tests.lessons.world import World, visitor_of
from tests.letters.office import Office
from tests.letters.test_page import page_of, post

HEAD = "Prénom;Nom;E-mail;Adresse;Salarié pour\n"


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return visitor_of(office.manager)


def upload(visitor: Visitor, text: str, encoding: str = "utf-8") -> Any:
    return post(visitor, "teachers/import/", file=SimpleUploadedFile("teachers.csv", text.encode(encoding)))


def do_import(visitor: Visitor, text: str) -> Any:
    return post(visitor, "teachers/import/", content=text, **{"import": "1"})


# ── One card ──


def test_an_address_is_mended(visitor: Visitor, office: Office) -> None:
    values = {"first_name": "Sophie", "last_name": "Lambert", "email": "new@example.org", "volunteer": "on", "activity": "Grooming"}
    post(visitor, f"teachers/{office.sophie.pk}/", **values)
    office.sophie.refresh_from_db()
    assert (office.sophie.email, office.sophie.volunteer_facts.activity) == ("new@example.org", "Grooming")


@pytest.mark.parametrize("email", ["sophie", "a@b@c.org", "Sophie <s@example.org>", "s@example.org\r\nBcc: x@example.org"])
def test_an_address_that_is_none_is_refused_at_its_field(visitor: Visitor, office: Office, email: str) -> None:
    answer = post(visitor, f"teachers/{office.sophie.pk}/", first_name="Sophie", email=email)
    assert answer.status_code == 422
    assert 'id="id_email_error"' in page_of(answer)
    assert Teacher.objects.get(pk=office.sophie.pk).email == "t@example.org"


# ── A file ──


def test_a_file_says_first_what_it_would_do(visitor: Visitor, office: Office) -> None:
    page = page_of(upload(visitor, HEAD + "Anne;Willems;anne@example.org;;\nSophie;Lambert;s@example.org;;\n"))
    assert "<b>1</b> new, <b>1</b> changed" in page
    assert "Import 2 teachers" in page
    assert Teacher.objects.count() == 2


def test_a_good_file_is_imported(visitor: Visitor, office: Office) -> None:
    text = HEAD + "Anne;Willems;anne@example.org;Rue du Pré 1;Office\nSophie;Lambert;s@example.org;;\n"
    assert do_import(visitor, text)["Location"] == "/club/letters/"
    anne, sophie = Teacher.objects.get(first_name="Anne"), Teacher.objects.get(first_name="Sophie")
    assert (anne.club, anne.silk, anne.volunteer_facts.employed_as) == (office.club, 3, "Office")
    assert (sophie.pk, sophie.email) == (office.sophie.pk, "s@example.org")


def test_the_largest_file_fits_into_its_confirmation(visitor: Visitor, office: Office, settings: Settings) -> None:
    page = page_of(upload(visitor, HEAD + "Anne;Willems;;;\n"))
    form = page[page.index('<form id="import"') :].partition(">")[0]
    assert 'enctype="multipart/form-data"' in form  # else each accent takes six characters
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE > 2 * LARGEST_CSV


def test_an_empty_cell_changes_nothing(visitor: Visitor, office: Office) -> None:
    VolunteerFacts.objects.create(teacher=office.sophie, address="Rue du Bois 1")
    do_import(visitor, HEAD + "Sophie;Lambert;;;\n")
    office.sophie.refresh_from_db()
    assert (office.sophie.email, VolunteerFacts.objects.get(teacher=office.sophie).address) == ("t@example.org", "Rue du Bois 1")


def test_one_wrong_line_imports_nothing_and_is_named(visitor: Visitor, office: Office) -> None:
    answer = do_import(visitor, HEAD + "Anne;Willems;anne@example.org;;\n;Nobody;none;;\n")
    page = page_of(answer)
    assert answer.status_code == 422
    assert "1 line to correct: nothing is imported." in page
    assert "<td>3</td>" in page
    assert Teacher.objects.count() == 2


def test_two_lines_for_one_person_are_a_mistake(visitor: Visitor, office: Office) -> None:
    page = page_of(upload(visitor, HEAD + "Anne;Willems;anne@example.org;;\nAnne;W.;ANNE@example.org;;\n"))
    assert "The same person is already on line 2." in page


def test_a_file_of_an_older_spreadsheet_keeps_its_accents(visitor: Visitor, office: Office) -> None:
    assert "Émilie" in page_of(upload(visitor, HEAD + "Émilie;Jacobs;;;\n", "cp1252"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_address_of_two_lines_keeps_them(visitor: Visitor, office: Office, end: str) -> None:
    text = HEAD.strip() + end + f'Sophie;Lambert;;"Rue du Bois 12{end}1000 Bruxelles";' + end + "Anne;Willems;;;" + end
    do_import(visitor, text)
    assert VolunteerFacts.objects.get(teacher=office.sophie).address == "Rue du Bois 12\n1000 Bruxelles"
    assert Teacher.objects.filter(first_name="Anne").exists()


@pytest.mark.parametrize("line", ['Anne;Willems;;"Rue', 'Anne;Willems;;"Rue "du" Pré";', f"Anne;Willems;;{'x' * 140_000};"])
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_imported(visitor: Visitor, office: Office, line: str) -> None:
    answer = do_import(visitor, HEAD + "Zoé;Adam;;;\n" + line + "\nMax;Claes;;;\n")
    assert (answer.status_code, Teacher.objects.count()) == (422, 2)
    assert "cannot be read" in page_of(answer)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter_will_do(visitor: Visitor, office: Office, delimiter: str) -> None:
    assert "<b>1</b> new" in page_of(upload(visitor, f"First name{delimiter}Last name\nAnne{delimiter}Willems\n"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Name\nAnne\n", "The first line must name the columns"),
        (HEAD, "The file has no line under its head."),
        ("PK\x00\x03", "This file is not a CSV."),
        ("x" * 1_000_001, "The file is larger than 1 MB."),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(visitor: Visitor, office: Office, text: str, reason: str) -> None:
    answer = upload(visitor, text)
    assert answer.status_code == 422
    assert reason in page_of(answer)


def test_a_file_changes_nothing_in_another_club(visitor: Visitor, office: Office) -> None:
    World("Other", "other-")
    do_import(visitor, HEAD + "Sophie;Lambert;mine@example.org;;\n")
    assert set(Teacher.objects.filter(first_name="Sophie").values_list("club__name", "email")) == {
        ("Les Écuries du Bois", "mine@example.org"),
        ("Other", "t@example.org"),
    }


def test_a_thousand_lines_cost_few_statements(visitor: Visitor, office: Office, django_assert_max_num_queries: Any) -> None:
    text = HEAD + "".join(f"V{number};X;v{number}@example.org;Rue {number};\n" for number in range(1000))
    with django_assert_max_num_queries(30):
        do_import(visitor, text)
    assert VolunteerFacts.objects.count() == 1000
