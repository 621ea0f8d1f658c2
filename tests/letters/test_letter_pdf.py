"""What the PDF says, what it is, and that it fetches nothing."""

import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image
from pypdf import PdfReader

from lessons.models import Club, Teacher
from letters import services
from letters.models import Wording
from letters.pdf import write_pdf
from tests.letters.office import Office, picture, text_of


def read(office: Office) -> PdfReader:
    return PdfReader(BytesIO(services.preview_letter(teacher=office.sophie)))


def in_french(office: Office) -> str:
    Club.objects.filter(pk=office.club.pk).update(language="fr")
    return office.read(Teacher.objects.select_related("club").get(pk=office.sophie.pk))


def test_it_says_what_the_law_asks_for(office: Office) -> None:
    said = office.read()
    for words in ("non-profit association (ASBL)", "to let everybody ride", "Teaching riders", "Pré Insurance", "RC-4512",
                  "civil liability", "article 5", "No allowance is paid", "stays with you", "Law of 3 July 2005"):  # fmt: skip
        assert words in said


def test_it_says_it_in_french(office: Office) -> None:
    said = in_french(office)
    for words in ("Note d’information au volontaire", "Loi du 3 juillet 2005", "But désintéressé", "Déclaration du volontaire", "44,02"):
        assert words in said


def test_the_figures_are_dated_and_have_their_source(office: Office) -> None:
    said = office.read()
    for words in (f"figures of {office.year}", "44.02", "1,760.83", f"Source: {office.figures.source}"):
        assert words in said
    assert "3,233.91" not in said


def test_the_raised_ceiling_is_there_for_those_who_may_have_it(office: Office) -> None:
    office.reword(raised_ceiling=True)
    assert "3,233.91" in office.read()


def test_a_de_facto_association_names_who_is_responsible(office: Office) -> None:
    office.reword(legal_status="de_facto", responsible="Anne and Luc")
    assert "Responsible for the association: Anne and Luc" in office.read()


def test_where_article_5_does_not_apply_the_regime_is_said(office: Office) -> None:
    office.reword(liability="other", liability_regime="your family policy")
    said = office.read()
    assert "does not apply to our organisation" in said
    assert "your family policy" in said


@pytest.mark.parametrize(("allowance", "words"), [("flat", "at a flat rate, without proof"), ("real", "Your real costs are reimbursed")])
def test_an_allowance_says_its_nature_and_when(office: Office, allowance: str, words: str) -> None:
    office.reword(allowance=allowance, allowance_nature="a day at a time", allowance_when="each month")
    said = office.read()
    for part in (words, "a day at a time", "each month", "cannot be combined"):
        assert part in said


def test_it_has_the_declaration_and_both_signatures(office: Office) -> None:
    said = office.read()
    for words in ("I, Sophie Lambert, have received this note", "all my allowances together", "For the organisation", "Marie Delcourt"):
        assert words in said


def test_the_own_activity_and_address_are_those_of_the_volunteer(office: Office) -> None:
    services.save_facts(teacher=office.sophie, activity="Grooming", address="Chemin 1\n1300 Wavre")
    said = office.read(Teacher.objects.get(pk=office.sophie.pk))
    assert "Grooming" in said
    assert "Chemin 1 1300 Wavre" in said


def test_it_is_a4_on_at_most_two_numbered_pages(office: Office) -> None:
    pages = read(office).pages
    assert len(pages) <= 2
    assert [round(float(side) * 25.4 / 72) for side in pages[0].mediabox[2:]] == [210, 297]
    assert [f"{number} / {len(pages)}" in page.extract_text() for number, page in enumerate(pages, 1)] == [True] * len(pages)


def test_the_same_letter_gives_the_same_bytes(office: Office) -> None:
    assert services.preview_letter(teacher=office.sophie) == services.preview_letter(teacher=office.sophie)


def test_what_is_missing_is_marked_in_the_preview(office: Office) -> None:
    office.reword(insurer="")
    assert "to be filled in: insurer" in office.read()


NAMES = [
    "<b>Ann</b> & <script>alert(1)</script>",
    "{{ club }} {% now %}",
    "Zoë 🐴 Ünal",
    "فاطمة الزهراء",
    "x" * 150,
    "A\r\nB",
    "\\ \" ' ` $",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_breaks_it(office: Office, name: str) -> None:
    Teacher.objects.filter(pk=office.sophie.pk).update(first_name=name, last_name=name[:140])
    reader = read_of(Teacher.objects.select_related("club").get(pk=office.sophie.pk))
    assert len(reader.pages) <= 3
    if name.isascii() and len(name) < 50:
        assert " ".join(name.split()) in " ".join(reader.pages[0].extract_text().split())


def read_of(teacher: Teacher) -> PdfReader:
    return PdfReader(BytesIO(services.preview_letter(teacher=teacher)))


@pytest.fixture
def visited() -> Iterator[tuple[str, list[str]]]:
    """A server inside the house that nobody should call."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_error(404)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_wording_is_text_and_fetches_nothing(office: Office, visited: tuple[str, list[str]]) -> None:
    url, calls = visited
    office.reword(
        purpose=f'{{{{ wording.club.email }}}} <script>x</script> <img src="{url}/a.png"> <link rel=attachment href="file:///etc/passwd">',
        closing=f"<style>@import url({url}/b.css)</style> {url}/c",
    )
    said = text_of(services.preview_letter(teacher=office.sophie))
    for words in ("{{ wording.club.email }}", "<script>x</script>", f"{url}/a.png", "@import url("):
        assert words in said
    assert not calls


SMUGGLED = ['<img src="{url}/x.png">', '<link rel="stylesheet" href="{url}/x.css">', '<link rel="attachment" href="file:///etc/passwd">',
            '<p style="background: url({url}/x.png)">x</p>', '<img src="file:///etc/passwd">', '<object data="{url}/x.svg"></object>',
            '<img src="data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22/>">']  # fmt: skip


@pytest.mark.parametrize("html", SMUGGLED)
def test_even_html_that_got_in_would_fetch_nothing(html: str, visited: tuple[str, list[str]]) -> None:
    url, calls = visited
    with pytest.raises(ValueError, match="nothing but its own assets"):
        write_pdf(html.replace("{url}", url), {})
    assert not calls


def test_a_logo_comes_into_the_letter(office: Office) -> None:
    services.save_wording(club=office.club, logo=picture("JPEG"))
    [image] = read(office).pages[0].images
    assert image.image is not None
    assert image.image.size == (300, 120)


def test_an_older_wording_is_kept_as_it_was(office: Office) -> None:
    before = office.wording
    office.reword(insurer="Other")
    assert office.wording.version == before.version + 1
    assert Wording.objects.get(pk=before.pk).insurer == "Pré Insurance"
    with pytest.raises(TypeError):
        before.save()


def test_saving_the_same_words_makes_no_version(office: Office) -> None:
    assert services.save_wording(club=office.club, insurer=office.wording.insurer) == office.wording


def test_words_that_are_too_long_are_told_at_their_field(office: Office) -> None:
    with pytest.raises(ValidationError) as refused:
        office.reword(insurer="x" * 121, purpose="x" * 2001)
    assert set(refused.value.message_dict) == {"insurer", "purpose"}


def test_a_nul_in_a_wording_is_dropped(office: Office) -> None:
    office.reword(purpose="a\x00b")
    assert office.wording.purpose == "ab"


def test_a_sentence_of_2000_letters_in_each_field_still_gives_a_letter(office: Office) -> None:
    long = "word " * 399
    office.reword(purpose=long, insured_risks=long, other_insured_risks=long, discretion=long, closing=long)
    assert 2 <= len(read(office).pages) <= 6


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("data", [SVG, b"not a picture", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", picture("JPEG")[:200], b"GIF89a"])
def test_a_logo_that_is_no_picture_is_refused(office: Office, data: bytes) -> None:
    with pytest.raises(ValidationError) as refused:
        services.save_wording(club=office.club, logo=data)
    assert refused.value.message_dict == {"logo": ["This file is not a PNG or JPEG picture. Export the logo as one of these."]}


def test_a_logo_of_40_mb_is_refused(office: Office) -> None:
    with pytest.raises(ValidationError) as refused:
        services.save_wording(club=office.club, logo=bytes(40_000_000))
    assert refused.value.message_dict == {"logo": ["The logo is larger than 5 MB. Save it smaller."]}


def test_a_picture_that_would_fill_the_memory_is_refused(office: Office) -> None:
    with pytest.raises(ValidationError, match="not a PNG or JPEG"):
        services.save_wording(club=office.club, logo=picture(size=(9000, 9000), mode="1"))


def test_a_logo_is_made_small_and_loses_its_transparency(office: Office, settings: Any) -> None:
    saved = services.save_wording(club=office.club, logo=picture(size=(4000, 1000), mode="RGBA"))
    with saved.logo.open() as file, Image.open(file) as logo:
        assert (logo.format, logo.mode, logo.size) == ("PNG", "RGB", (544, 136))


def test_two_versions_share_one_logo(office: Office, settings: Any) -> None:
    services.save_wording(club=office.club, logo=picture())
    office.reword(insurer="Other")
    services.save_wording(club=office.club, logo=picture(), insurer="Third")
    assert len(list(Path(settings.MEDIA_ROOT).rglob("*.png"))) == 1


def test_a_logo_can_be_taken_away(office: Office) -> None:
    services.save_wording(club=office.club, logo=picture())
    assert not services.save_wording(club=office.club, logo=b"").logo


def test_a_letter_costs_the_same_however_deep_its_caller_stands(office: Office) -> None:
    """Where frames thrash at the edge of a chunk, each call maps memory anew: thousands of page faults a letter, time and again."""

    def faults_at(depth: int) -> int:
        if depth:
            return faults_at(depth - 1)
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        services.preview_letter(teacher=office.sophie)
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before

    first, second = ([faults_at(depth) for depth in range(0, 150, 3)] for _ in range(2))  # the heap too grows, but once
    assert max(map(min, first, second)) < 1000, (first, second)
