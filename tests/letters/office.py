"""The club of tests.lessons with all that its letters need."""

from decimal import Decimal
from io import BytesIO
from typing import Any

from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from jobs.models import Job
from jobs.worker import drain
from lessons.models import Teacher
from letters import services
from letters.models import LegalFigures, VolunteerLetterSend
from tests.lessons.world import BRUSSELS, World

WORDS: dict[str, Any] = {
    "address": "Rue du Bois 12\n1000 Bruxelles",
    "purpose": "to let everybody ride",
    "activity": "Teaching riders",
    "insurer": "Pré Insurance",
    "policy_number": "RC-4512",
    "insured_risks": "civil liability",
    "signatory_name": "Marie Delcourt",
    "signatory_role": "president",
}


class Office:
    def __init__(self, world: World) -> None:
        self.world, self.club, self.manager = world, world.club, world.manager
        self.sophie, self.lea = world.sophie, world.lea
        self.year = timezone.now().astimezone(BRUSSELS).year
        figures = {"daily_ceiling": Decimal("44.02"), "yearly_ceiling": Decimal("1760.83"), "raised_yearly_ceiling": Decimal("3233.91")}
        self.figures, _made = LegalFigures.objects.get_or_create(year=self.year, defaults={**figures, "source": "public notes"})
        self.wording = services.save_wording(club=self.club, user=self.manager, **WORDS)

    def reword(self, **words: Any) -> None:
        self.wording = services.save_wording(club=self.club, user=self.manager, **words)

    def send(self, teachers: Any = services.EVERYBODY, **options: Any) -> services.SendingPlan:
        return services.send_letters(club=self.club, user=self.manager, teachers=teachers, **options)

    def letter_to(self, teacher: Teacher) -> VolunteerLetterSend:
        """Written and waiting."""
        self.send([teacher.pk])
        return VolunteerLetterSend.objects.get(teacher=teacher)

    def volunteers(self, count: int) -> None:
        Teacher.objects.bulk_create(
            Teacher(club=self.club, first_name=f"V{number}", last_name="X", email=f"v{number}@example.org") for number in range(count)
        )

    def read(self, teacher: Teacher | None = None, **options: Any) -> str:
        return text_of(services.preview_letter(teacher=teacher or self.sophie, **options))


def attempt() -> Job:
    """Let the one job have its next attempt, however long it should wait."""
    Job.objects.waiting().update(run_at=None)
    drain()
    return Job.objects.filter(kind="letters.send").order_by("-id")[0]


def text_of(pdf: bytes) -> str:
    """As it is read: without the breaks of lines."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def statuses() -> dict[str, str]:
    rows = VolunteerLetterSend.objects.select_related("teacher")
    return {row.teacher_name: row.status for row in rows}


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 120), mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, size, "green").save(out, kind)
    return out.getvalue()
