"""HTML in, PDF out: archivable, readable aloud, and closed to the world. One call of WeasyPrint a letter."""

import gc
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import pydyf
from django.template.loader import get_template
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

VARIANT = "pdf/ua-1"
MOST_PICTURES = 50  # kept decoded
ROOMY_FRAME = 2**15 + 1  # words; CPython doubles until it fits, so as many again are free behind it

_one_at_a_time = threading.Lock()  # threads only slow Pango down: 12 letters a second alone, 6 with four of them
_pictures: dict[str, Any] = {}


class OnlyFromMemory(URLFetcher):
    """A letter fetches nothing from anywhere. What WeasyPrint fetches by default includes this machine's files."""

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self.assets = assets

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url not in self.assets:
            raise FatalURLFetchingError("a letter may fetch nothing but its own assets")
        return URLFetcherResponse(url, self.assets[url], {"Content-Type": "image/png"})


def write_pdf(html: str, assets: Mapping[str, bytes]) -> bytes:
    """`assets`: pictures by their address, such as `asset:logo-1a2b`. The same input gives the same bytes."""
    fonts, stylesheet = _tools()
    with _one_at_a_time:
        if len(_pictures) > MOST_PICTURES:
            _pictures.clear()
        try:
            pdf = _lay_out(html, OnlyFromMemory(assets), stylesheets=[stylesheet], font_config=fonts, cache=_pictures)
        except FatalURLFetchingError as error:  # not an Exception, so nothing else would see it
            raise ValueError(str(error)) from error
    return pdf


def _lay_out(html: str, fetcher: OnlyFromMemory, **tools: Any) -> bytes:
    document = HTML(string=html, base_url="asset:", url_fetcher=fetcher)
    pdf: bytes = document.write_pdf(**tools, pdf_variant=VARIANT, finisher=_index_headers)
    return pdf


# CPython keeps its frames in chunks of 16 KB, and gives a chunk back the moment it is left (gh-142183). Where a loop of the parser or
# of the layout calls across such an edge, each call maps and frees a chunk: 400 to 5,000 times a letter, as deep as the caller happens
# to stand, and up to an eighth of its time. A frame that needs a chunk of its own size brings one with room for all that it calls.
_lay_out.__code__ = _lay_out.__code__.replace(co_stacksize=ROOMY_FRAME)


def _index_headers(document: Any, pdf: pydyf.PDF) -> None:
    """What readers find a cell's header by and WeasyPrint leaves out: its scope, and the tree of the names that cells call it by."""
    elements = [each for each in pdf.objects if isinstance(each, pydyf.Dictionary)]
    headers = sorted((each for each in elements if each.get("S") == "/TH"), key=lambda header: header["ID"].string)
    for header in headers:
        header["A"]["Scope"] = "/Row"
    [root] = (each for each in elements if each.get("Type") == "/StructTreeRoot")
    if headers:
        root["IDTree"] = pydyf.Dictionary({"Names": pydyf.Array(part for each in headers for part in (each["ID"], each.reference))})


@cache
def _tools() -> tuple[FontConfiguration, CSS]:
    """Once a process: a new FontConfiguration each time leaks 0.25 MB a letter."""
    fonts = FontConfiguration()
    stylesheet = CSS(string=get_template("letters/letter.css").render(), font_config=fonts, url_fetcher=OnlyFromMemory({}))
    gc.collect()
    gc.freeze()  # a letter makes so many objects that those of all Django were looked through again and again: a tenth of its time
    return fonts, stylesheet
