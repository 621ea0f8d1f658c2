"""What our letters are measured against, each as a loop in a process of its own: nothing that one sets up helps the other.

`bare` is our own call of WeasyPrint and nothing else. `naive` is what one would write first: a stylesheet as for a browser,
parsed anew for each letter, fonts and logo looked up anew, and EmailMessage.send() with a connection of its own.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import django

django.setup()

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from pypdf import PdfReader
from weasyprint import CSS, HTML

from lessons.models import Teacher
from letters.letter import Letter, to_pdf
from letters.services.words import figures_of, latest_wording

STYLESHEET = Path(__file__).with_name("letters_naive.css")


def main() -> None:
    """Arguments: the loop, how many letters, the volunteer's id, the logo's file. Prints what came of it as JSON."""
    name, count, teacher, logo = sys.argv[1:]
    make: Callable[[Letter], bytes] = to_pdf if name == "bare" else partial(naive, logo=Path(logo))
    letter = letter_of(Teacher.objects.select_related("club").get(pk=teacher))
    pages = len(PdfReader(BytesIO(make(letter))).pages)  # the first loads what is loaded once
    began, cpu_began = time.perf_counter(), time.process_time()
    for number in range(int(count)):
        make(replace(letter, volunteer=f"Anna {number} Benchmark", reference=f"2026-{number}"))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    print(json.dumps({"rate": int(count) / seconds, "cpu_rate": int(count) / cpu_seconds, "pages": pages}))


def naive(letter: Letter, logo: Path) -> bytes:
    context = {"letter": letter, "club": letter.club, "wording": letter.wording, "figures": letter.figures, "logo": logo.as_uri()}
    mail = {"club": letter.club, "first_name": letter.volunteer, "year": letter.figures.year}
    with translation.override(letter.club.language):
        html = render_to_string("letters/letter.html", context)
        pdf: bytes = HTML(string=html).write_pdf(stylesheets=[CSS(filename=STYLESHEET)], pdf_variant="pdf/ua-1")
        message = EmailMultiAlternatives("Lettre", render_to_string("letters/mail/letter.txt", mail), to=["anna@club.example"])
        message.attach_alternative(render_to_string("letters/mail/letter.html", mail), "text/html")
    message.attach("lettre.pdf", pdf, "application/pdf")
    message.send()
    return pdf


def letter_of(teacher: Teacher) -> Letter:
    club = teacher.club
    return Letter(
        club=club,
        volunteer=str(teacher),
        facts=None,
        wording=latest_wording(club),
        figures=figures_of(2026),
        dated=club.created_at.date(),
        reference="2026-1",
    )
