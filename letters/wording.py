"""What a wording must say before letters may go. Pure: fields in, gaps out."""

from dataclasses import dataclass

from .models import Wording


@dataclass(frozen=True)
class Gap:
    field: str
    label: str


def gaps(wording: Wording) -> list[Gap]:
    """What the law asks for and the club has not yet written, in the order of the letter."""
    return [Gap(name, label_of(name)) for name in _needed(wording) if not getattr(wording, name).strip()]


def label_of(name: str) -> str:
    return str(Wording._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a field of the model's own


def _needed(wording: Wording) -> list[str]:
    names = ["purpose", "activity", "insurer", "policy_number", "insured_risks"]
    if wording.legal_status == Wording.LegalStatus.DE_FACTO:
        names.insert(0, "responsible")
    if wording.liability == Wording.Liability.OTHER:
        names.append("liability_regime")
    if wording.allowance != Wording.Allowance.NONE:
        names += ["allowance_nature", "allowance_when"]
    return [*names, "signatory_name"]
