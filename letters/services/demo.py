"""What the demo club's letters say; safe to repeat."""

from typing import Any

from django.db import transaction

from lessons.models import Club
from letters.models import VolunteerFacts, Wording

from .words import latest_wording, save_wording

EMPLOYED = ("Thomas", "Claes")  # his letter is held back
ACTIVITY = "Encadrement des cours d’équitation et des sorties"
WORDS: dict[str, Any] = {
    "legal_status": Wording.LegalStatus.ASBL,
    "registration_number": "BE 0123.456.749",
    "address": "Rue du Bois 12\n1000 Bruxelles",
    "purpose": (
        "faire découvrir l’équitation à tous les âges, dans le respect du cheval, et rendre ce sport accessible aux personnes en "
        "situation de handicap. L’association ne distribue aucun bénéfice à ses membres."
    ),
    "activity": ACTIVITY,
    "insurer": "Assurances du Pré (exemple)",
    "policy_number": "RC-2026-004512",
    "insured_risks": "responsabilité civile de l’organisation et de ses volontaires, à l’exception de la responsabilité contractuelle.",
    "other_insured_risks": "dommages corporels subis pendant l’activité et sur le chemin qui y mène.",
    "allowance": Wording.Allowance.FLAT,
    "allowance_nature": "indemnité forfaitaire par jour d’activité, dans les limites ci-dessous.",
    "allowance_when": "chaque mois, par virement, sur présentation du relevé des jours prestés.",
    "discretion": "Ne publiez aucune photo d’un cavalier sans son accord, ni celui de ses parents s’il est mineur.",
    "closing": "Cette note vaut pour l’année en cours. Nous vous préviendrons par écrit de tout changement.",
    "signatory_name": "Marie Delcourt",
    "signatory_role": "présidente",
    "signed_at_place": "Bruxelles",
}


def fill_demo_letters(*, club: Club) -> None:
    with transaction.atomic():
        if not latest_wording(club).pk:
            save_wording(club=club, **WORDS)
        if not VolunteerFacts.objects.filter(teacher__club=club).exists():
            VolunteerFacts.objects.bulk_create(
                VolunteerFacts(
                    teacher=teacher,
                    address=f"Chemin des Prés {number}\n1300 Wavre",
                    employed_as=ACTIVITY if (teacher.first_name, teacher.last_name) == EMPLOYED else "",
                )
                for number, teacher in enumerate(club.teachers.order_by("pk"), start=1)
            )
