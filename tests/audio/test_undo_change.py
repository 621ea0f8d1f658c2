"""One click takes back what a note wrote, and never what somebody wrote later."""

import pytest

from audio import services
from audio.models import FieldChange
from jobs.services import StateConflict
from lessons import services as lessons
from lessons.models import Client
from tests.audio.studio import Studio

pytestmark = pytest.mark.django_db


@pytest.fixture
def camille(studio: Studio) -> Client:
    """Rode Caramel, rides Tornado."""
    lessons.change(studio.world.camille, horse="Caramel", notes="Afraid of dogs.")
    studio.hear("rides Tornado, shy", client=studio.world.camille, horse="Tornado", notes="shy")
    return studio.world.camille


def change_of(field: str) -> FieldChange:
    return FieldChange.objects.filter(field=field).latest("id")


def test_the_field_is_what_it_was(studio: Studio, camille: Client) -> None:
    change = services.undo_change(change=change_of("horse"), user=studio.manager)
    camille.refresh_from_db()
    assert (camille.horse, change.undone_by) == ("Caramel", studio.manager)


def test_an_undone_change_can_be_made_again(studio: Studio, camille: Client) -> None:
    change = services.undo_change(change=change_of("horse"), user=studio.manager)
    redone = services.redo_change(change=change, user=studio.manager)
    camille.refresh_from_db()
    assert (camille.horse, redone.undone_at, redone.undone_by) == ("Tornado", None, None)


def test_of_the_notes_only_the_paragraph_goes(studio: Studio, camille: Client) -> None:
    lessons.change(camille, notes="Afraid of dogs.\nshy\nPays in cash.")
    services.undo_change(change=change_of("notes"), user=studio.manager)
    camille.refresh_from_db()
    assert camille.notes == "Afraid of dogs.\nPays in cash."


def test_a_change_is_undone_once(studio: Studio, camille: Client) -> None:
    change = services.undo_change(change=change_of("horse"), user=studio.manager)
    with pytest.raises(StateConflict, match="already undone"):
        services.undo_change(change=change, user=studio.manager)


def test_a_change_that_stands_cannot_be_made_again(studio: Studio, camille: Client) -> None:
    with pytest.raises(StateConflict, match="not undone"):
        services.redo_change(change=change_of("horse"), user=studio.manager)


def test_what_somebody_typed_since_is_not_wiped_out(studio: Studio, camille: Client) -> None:
    lessons.change(camille, horse="Éclair")
    with pytest.raises(StateConflict, match="changed since"):
        services.undo_change(change=change_of("horse"), user=studio.manager)
    camille.refresh_from_db()
    assert camille.horse == "Éclair"


def test_a_later_note_is_undone_first(studio: Studio, camille: Client) -> None:
    first = change_of("horse")
    studio.hear("rides Caramel", client=camille, horse="Caramel")
    studio.hear("rides Tornado", client=camille, horse="Tornado")
    with pytest.raises(StateConflict, match="latest change first"):
        services.undo_change(change=first, user=studio.manager)


def test_a_record_keeps_a_name(studio: Studio) -> None:
    studio.hear("Jean rides", first_name="Jean")
    with pytest.raises(StateConflict, match="without a name"):
        services.undo_change(change=change_of("first_name"), user=studio.manager)


def test_a_birth_date_goes_back_to_none(studio: Studio, camille: Client) -> None:
    studio.hear("born 1990-05-01", client=camille, birth_date="1990-05-01")
    services.undo_change(change=change_of("birth_date"), user=studio.manager)
    camille.refresh_from_db()
    assert camille.birth_date is None
