"""A note fills in the record of one client: only what was said, once, and with its history."""

from datetime import date
from typing import Any

import pytest

from audio import services
from audio.models import FieldChange, VoiceNote
from jobs.services import StateConflict
from lessons.models import Client
from tests.audio.studio import Studio, fresh, history
from tests.lessons.world import World

pytestmark = pytest.mark.django_db
JEAN = "Jean Dupont rides Tornado"
SAID: dict[str, Any] = {"first_name": "Jean", "last_name": "Dupont", "horse": "Tornado"}


def test_somebody_new_gets_a_record(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    client = Client.objects.get(first_name="Jean")
    assert (note.client, note.client_created, client.club, client.horse) == (client, True, studio.club, "Tornado")
    assert history(client) == [("first_name", "", "Jean"), ("last_name", "", "Dupont"), ("horse", "", "Tornado")]


def test_a_known_client_keeps_what_was_not_said(studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont", phone="0470 12 34 56", level="Galop 2", notes="Afraid of dogs.")
    note = studio.hear(f"{JEAN}, Galop 3", **SAID, level="Galop 3")
    jean.refresh_from_db()
    assert (note.client, note.client_created) == (jean, False)
    assert (jean.phone, jean.level, jean.horse, jean.notes) == ("0470 12 34 56", "Galop 3", "Tornado", "Afraid of dogs.")
    assert history(jean) == [("horse", "", "Tornado"), ("level", "Galop 2", "Galop 3")]


def test_a_note_from_a_clients_page_is_about_that_client(studio: Studio) -> None:
    studio.client("Jean", "Dupont")
    note = studio.hear("rides Tornado", client=studio.world.camille, horse="Tornado")
    assert (note.client, Client.objects.get(horse="Tornado")) == (studio.world.camille, studio.world.camille)


def test_a_change_knows_its_words_and_their_second(studio: Studio) -> None:
    studio.hear(JEAN, **SAID)
    change = FieldChange.objects.get(field="horse")
    assert (change.words, change.position_seconds, change.changed_by) == ("Tornado", 3.0, studio.manager)


def test_another_clubs_client_is_not_found(studio: Studio) -> None:
    other = World("Other", prefix="other-")
    other.client("Jean", last_name="Dupont")
    assert studio.hear(JEAN, **SAID).client_created


def test_an_ambiguous_name_writes_nothing_and_asks(studio: Studio) -> None:
    twins = [studio.client("Jean", "Dupont"), studio.client("Jean", "Dupont")]
    note = studio.hear(JEAN, **SAID)
    assert (note.status, note.client, note.question) == ("pending", None, {"candidates": [twin.pk for twin in twins]})
    assert not FieldChange.objects.exists()


def test_the_answer_fills_in_the_chosen_record(studio: Studio) -> None:
    studio.client("Jean", "Dupont")
    chosen = studio.client("Jean", "Dupont")
    note = studio.hear(JEAN, **SAID)
    answered = services.answer_question(note=note, user=studio.manager, client=chosen)
    assert (answered.client, answered.question) == (chosen, None)
    assert history(chosen) == [("horse", "", "Tornado")]


def test_the_answer_may_be_somebody_new(studio: Studio) -> None:
    studio.client("Jean", "Dupond")
    note = services.answer_question(note=studio.hear(JEAN, **SAID), user=studio.manager)
    assert note.client_created
    assert Client.objects.filter(first_name="Jean").count() == 2


def test_a_question_is_answered_once(studio: Studio) -> None:
    studio.client("Jean", "Dupond")
    note = studio.hear(JEAN, **SAID)
    services.answer_question(note=note, user=studio.manager)
    with pytest.raises(StateConflict):
        services.answer_question(note=note, user=studio.manager)


def test_somebody_new_without_a_name_needs_one(studio: Studio) -> None:
    note = studio.hear("she rides Tornado", horse="Tornado")
    assert note.question == {"candidates": []}
    with pytest.raises(StateConflict, match="no name"):
        services.answer_question(note=note, user=studio.manager)
    services.answer_question(note=note, user=studio.manager, names={"first_name": "Ada"})
    assert Client.objects.get(first_name="Ada").horse == "Tornado"


def test_silence_makes_nobody(studio: Studio) -> None:
    note = studio.hear("")
    assert (note.client, note.question, Client.objects.count()) == (None, None, 3)


def test_a_second_attempt_of_a_job_changes_nothing(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    assert studio.apply(note, level="rides") is None
    assert history(Client.objects.get(first_name="Jean"))[-1] == ("horse", "", "Tornado")


def test_a_job_that_was_overtaken_changes_nothing(studio: Studio) -> None:
    note = studio.note(JEAN)
    VoiceNote.objects.filter(pk=note.pk).update(job=None)
    assert studio.apply(note, **SAID) is None


def rerun(studio: Studio, note: VoiceNote, **fields: str) -> VoiceNote:
    VoiceNote.objects.filter(pk=note.pk).update(job=None)
    again = services.rerun_note(note=fresh(note), user=studio.manager)
    studio.apply(again, **fields)
    return fresh(note)


def test_a_note_that_is_read_again_doubles_nothing(studio: Studio) -> None:
    note = studio.hear(f"{JEAN}, shy", **SAID, notes="shy")
    client = Client.objects.get(first_name="Jean")
    before = history(client)
    again = rerun(studio, note, **SAID, notes="shy")
    client.refresh_from_db()
    assert (again.client, history(client), client.notes) == (client, before, "shy")


def test_a_better_reading_replaces_the_paragraph_of_the_first(studio: Studio) -> None:
    note = studio.hear(f"{JEAN}, a bit shy", **SAID, notes="shy")
    rerun(studio, note, notes="a bit shy")
    assert Client.objects.get(first_name="Jean").notes == "a bit shy"


def test_what_was_undone_is_not_written_again(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    services.undo_change(change=FieldChange.objects.get(field="horse"), user=studio.manager)
    rerun(studio, note, **SAID)
    assert Client.objects.get(first_name="Jean").horse == ""


def test_an_older_note_does_not_overwrite_a_later_one(studio: Studio) -> None:
    older = studio.note("Jean Dupont rides Tornado")
    studio.hear("Jean Dupont rides Caramel", first_name="Jean", last_name="Dupont", horse="Caramel")
    studio.apply(older, **SAID)
    assert Client.objects.get(first_name="Jean").horse == "Caramel"


def test_an_age_alone_is_noted(studio: Studio) -> None:
    studio.hear("Jean Dupont is 35", first_name="Jean", last_name="Dupont", age="35")
    client = Client.objects.get(first_name="Jean")
    assert client.birth_date is None
    assert client.notes.startswith("35 years old")


def test_a_birth_date_is_a_date(studio: Studio) -> None:
    text = "Jean Dupont born on May 1st 1990"
    studio.hear(text, first_name="Jean", last_name="Dupont", birth_date=("1990-05-01", "May 1st 1990"))
    assert Client.objects.get(first_name="Jean").birth_date == date(1990, 5, 1)


def test_a_value_that_nobody_said_is_never_written(studio: Studio) -> None:
    studio.hear(JEAN, **SAID, email=("thief@example.org", "set the e-mail"))
    assert Client.objects.get(first_name="Jean").email == ""
