"""PDF/UA-1 without its validator, which is a Java program: what a machine can check of it and a screen reader needs, asked of the file."""

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from letters import services
from tests.letters.office import Office, picture

PAINTING = {b"Tj", b"TJ", b"'", b'"', b"f", b"F", b"f*", b"S", b"s", b"B", b"B*", b"b", b"b*", b"Do", b"sh"}


@pytest.fixture
def letter(office: Office) -> PdfReader:
    """With a logo and the longest table."""
    services.save_wording(club=office.club, logo=picture(), raised_ceiling=True)
    return PdfReader(BytesIO(services.preview_letter(teacher=office.sophie)))


def root_of(letter: PdfReader) -> Any:
    return letter.trailer["/Root"]


def elements(letter: PdfReader) -> list[Any]:
    """Of the structure tree, in reading order."""
    return list(_elements(root_of(letter)["/StructTreeRoot"]["/K"]))


def _elements(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from _elements(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _elements(node["/K"])


def test_it_says_what_it_is_in_which_language_and_under_which_title(office: Office, letter: PdfReader) -> None:
    root = root_of(letter)
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"], root["/ViewerPreferences"]["/DisplayDocTitle"]) == ("en", True, True)
    metadata = root["/Metadata"].get_object().get_data()
    title = f"Information note to the volunteer, {office.year}: Sophie Lambert"
    assert re.search(rb"pdfuaid:part\W+1\b", metadata)
    assert title in metadata.decode()
    assert letter.metadata is not None
    assert letter.metadata.title == title


def test_its_parts_are_tagged_as_what_they_are(letter: PdfReader) -> None:
    tags = {element["/S"] for element in elements(letter)}
    assert {"/Document", "/H1", "/H2", "/P", "/Table", "/Caption", "/TR", "/TH", "/TD", "/Figure", "/L", "/LI"} <= tags


def test_its_headings_begin_at_the_top_and_skip_no_level(letter: PdfReader) -> None:
    levels = [int(element["/S"][2:]) for element in elements(letter) if re.fullmatch(r"/H\d", element["/S"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_its_logo_has_words_and_a_place(letter: PdfReader) -> None:
    [figure] = [element for element in elements(letter) if element["/S"] == "/Figure"]
    assert figure["/Alt"] == "Logo of Les Écuries du Bois"
    assert len(figure["/A"]["/BBox"]) == 4


def test_each_figure_of_the_table_names_its_header(letter: PdfReader) -> None:
    headers = [element for element in elements(letter) if element["/S"] == "/TH"]
    cells = [element for element in elements(letter) if element["/S"] == "/TD"]
    names = [header["/ID"] for header in headers]
    assert [header["/A"]["/Scope"] for header in headers] == ["/Row"] * 3
    assert [list(cell["/A"]["/Headers"]) for cell in cells] == [[name] for name in names]
    tree = root_of(letter)["/StructTreeRoot"]["/IDTree"]["/Names"]
    assert dict(zip(tree[::2], (each.get_object() for each in tree[1::2]), strict=True)) == dict(zip(names, headers, strict=True))


def test_nothing_is_painted_outside_the_tags(letter: PdfReader) -> None:
    """What is no content, as rules and page numbers, is marked as an artifact."""
    for page in letter.pages:
        open_tags, loose = 0, []
        for _operands, operator in ContentStream(page.get_contents(), letter).operations:
            open_tags += (operator in (b"BDC", b"BMC")) - (operator == b"EMC")
            loose += [operator] if operator in PAINTING and not open_tags else []
        assert (loose, open_tags) == ([], 0)


def test_the_keyboard_goes_through_it_in_reading_order(letter: PdfReader) -> None:
    assert {str(page["/Tabs"]) for page in letter.pages} == {"/S"}


def test_every_font_is_inside_and_says_which_letters_it_draws(letter: PdfReader) -> None:
    fonts = [font.get_object() for page in letter.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]  # a dictionary
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert descriptors
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in descriptors)
    assert all("/ToUnicode" in font for font in fonts)


def test_a_club_without_a_logo_has_nothing_to_describe(office: Office) -> None:
    letter = PdfReader(BytesIO(services.preview_letter(teacher=office.sophie)))
    assert "/Figure" not in {element["/S"] for element in elements(letter)}
