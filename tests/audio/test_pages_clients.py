"""The pages of the clients as they are served: found, filled in by hand, traced, and erased."""

import pytest
from django.test import Client as Visitor

from audio import services
from audio.models import FieldChange, VoiceNote
from lessons.models import Client
from tests.audio.studio import Studio, history
from tests.audio.test_pages import client_of, cost, end, follow, new_number, page_of, see, visitor, visitor_of
from tests.lessons.world import World

__all__ = ["visitor"]
CLIENTS = "/club/clients/"
JEAN = {"first_name": "Jean", "last_name": "Dupont", "email": "", "phone": "", "birth_date": "", "address": "", "level": "", "horse": ""}


def many_clients(studio: Studio, count: int) -> None:
    Client.objects.bulk_create(Client(club=studio.club, first_name=f"C{number:04}", last_name="X") for number in range(count))


def table_of(page: str) -> str:
    return page.split("<tbody>")[1].split("</tbody>")[0]


# ── Who ──


def test_a_teacher_reads_nothing_here(studio: Studio, world: World) -> None:
    visitor = visitor_of(world.teacher_user())
    for path in (
        "",
        "new/",
        f"{world.camille.pk}/",
        f"{world.camille.pk}/edit/",
        f"{world.camille.pk}/history/",
        f"{world.camille.pk}/erase/",
    ):
        assert visitor.get(CLIENTS + path).status_code == 403, path


def test_another_clubs_client_is_not_there(world: World) -> None:
    stranger = visitor_of(World("Other", "other-").manager)
    for path in ("", "edit/", "history/", "erase/"):
        assert stranger.get(f"{CLIENTS}{world.camille.pk}/{path}").status_code == 404, path
    assert stranger.post(f"{CLIENTS}{world.camille.pk}/erase/").status_code == 404
    assert stranger.post(f"{CLIENTS}{world.camille.pk}/edit/", JEAN).status_code == 404
    assert Client.objects.get(pk=world.camille.pk).first_name == "Camille"


def test_another_clubs_clients_are_not_listed(world: World) -> None:
    assert "Camille" not in table_of(see(visitor_of(World("Other", "other-").manager), CLIENTS)).replace(str(world.camille), "", 1)


# ── The table ──


@pytest.mark.parametrize("search", ["elodie", "ÉLODIE", "lefevre elodie", "elodie.l@", "71 22", "galop 3", "caramel"])
def test_a_client_is_found_by_any_part_of_the_record(visitor: Visitor, studio: Studio, search: str) -> None:
    studio.client("Élodie", "Lefèvre", email="elodie.l@example.org", phone="0471/22.33.44", level="Galop 3", horse="Caramel")
    table = table_of(see(visitor, f"{CLIENTS}?q={search}"))
    assert "Élodie Lefèvre" in table
    assert "Camille" not in table


def test_a_search_in_vain_says_so(visitor: Visitor) -> None:
    assert "No client fits “zzz”." in see(visitor, f"{CLIENTS}?q=zzz")


@pytest.mark.parametrize(("order", "first"), [("nom", "Élodie"), ("niveau", "Zoé"), ("cheval", "Élodie"), ("note", "Zoé"), ("x", "Élodie")])
def test_the_table_is_sorted_as_people_read(visitor: Visitor, studio: Studio, order: str, first: str) -> None:
    Client.objects.all().delete()
    zoe = studio.client("Zoé", "Zola", level="Galop 1")
    studio.client("Élodie", "Ébert", horse="Caramel")
    studio.hear("Zoé rides well", client=zoe, notes="rides well")
    table = table_of(see(visitor, f"{CLIENTS}?tri={order}"))
    assert table.index(first) < table.index({"Zoé": "Élodie", "Élodie": "Zoé"}[first])


def test_without_clients_the_page_says_the_next_step(visitor: Visitor) -> None:
    Client.objects.all().delete()
    assert "No client yet" in see(visitor, CLIENTS)


def test_many_clients_are_turned_page_by_page(visitor: Visitor, studio: Studio) -> None:
    many_clients(studio, 60)
    assert "1 to 50 of 63" in see(visitor, CLIENTS)
    assert table_of(see(visitor, f"{CLIENTS}?page=2")).count("<tr") == 13


# ── By hand ──


def test_a_client_is_added_by_hand(visitor: Visitor, studio: Studio) -> None:
    page = follow(visitor.post(f"{CLIENTS}new/", {**JEAN, "horse": "Caramel"}), visitor)
    assert "Client record “Jean Dupont” created" in page
    assert "Caramel" in page


@pytest.mark.parametrize(
    ("field", "value"), [("first_name", ""), ("email", "nobody"), ("birth_date", "2999-01-01"), ("birth_date", "1700-01-01")]
)
def test_what_is_wrong_is_said_at_its_field(visitor: Visitor, field: str, value: str) -> None:
    answer = visitor.post(f"{CLIENTS}new/", {**JEAN, field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page_of(answer)
    assert "1 field to correct" in page_of(answer)
    assert not Client.objects.filter(last_name="Dupont").exists()


def test_an_edit_by_hand_is_part_of_the_history(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont", phone="1")
    assert "Record saved" in follow(visitor.post(f"{CLIENTS}{jean.pk}/edit/", {**JEAN, "phone": "2"}), visitor)
    assert history(jean) == [("phone", "1", "2")]
    assert "Typed by manager" in see(visitor, f"{CLIENTS}{jean.pk}/")


def test_an_edit_of_nothing_writes_nothing(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont", notes="Two\nlines")
    form = {**JEAN, "notes": "Two\r\nlines"}
    assert "Nothing has changed" in follow(visitor.post(f"{CLIENTS}{jean.pk}/edit/", form), visitor)
    assert history(jean) == []


def test_an_edit_by_hand_can_be_undone_and_restored(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont", notes="Likes hats.\nAfraid of dogs.")
    [change] = services.edit_client(client=jean, values={"notes": "Likes hats."}, user=studio.manager)
    visitor.post(f"{CLIENTS}changes/{change.pk}/undo/")
    jean.refresh_from_db()
    assert jean.notes == "Likes hats.\nAfraid of dogs."
    visitor.post(f"{CLIENTS}changes/{change.pk}/redo/")
    jean.refresh_from_db()
    assert jean.notes == "Likes hats."


# ── One record ──


def test_a_field_says_which_words_filled_it_and_where_to_hear_them(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    field = see(visitor, f"{CLIENTS}{note.client_id}/").split('id="field-phone"')[1].split('id="field-birth_date"')[0]
    assert "0470 12 34 56" in field
    assert "<q>it is 0470 12 34 56</q>" in field
    assert f'data-hear="/api/audio/notes/{note.pk}/file/" data-at="6"' in field
    assert "/undo/" in field


def test_a_deleted_note_leaves_its_words(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    services.delete_note(note=note)
    page = see(visitor, f"{CLIENTS}{note.client_id}/")
    assert "Deleted note <q>it is 0470 12 34 56</q>" in page


def test_a_note_under_way_is_followed(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont")
    note = studio.note("Jean", jean)
    assert f'data-job="{note.job_id}"' in see(visitor, f"{CLIENTS}{jean.pk}/").split('id="client-notes"')[1].split("</section>")[0]


def test_the_history_is_narrowed_to_a_field(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    services.edit_client(client=client_of(note), values={"horse": "Caramel"}, user=studio.manager)
    page = see(visitor, f"{CLIENTS}{note.client_id}/history/?champ=horse")
    assert "Caramel" in page
    assert "0470 12 34 56" not in page


def test_old_changes_have_a_page_of_their_own(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont")
    for number in range(1, 9):
        services.edit_client(client=jean, values={"phone": str(number)}, user=studio.manager)
    page = see(visitor, f"{CLIENTS}{jean.pk}/")
    assert f'href="/club/clients/{jean.pk}/history/?champ=phone"' in page
    assert see(visitor, f"{CLIENTS}{jean.pk}/history/?champ=phone").count('<li class="past') == 8


# ── Its end ──


def test_erasing_says_what_will_go(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    page = see(visitor, f"{CLIENTS}{note.client_id}/erase/")
    assert "1 voice note, with its recording" in page
    assert Client.objects.filter(pk__in=[note.client_id]).exists()


def test_erasing_takes_notes_and_history_too(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    assert "Record erased" in follow(visitor.post(f"{CLIENTS}{note.client_id}/erase/"), visitor)
    assert not Client.objects.filter(pk__in=[note.client_id]).exists()
    assert not VoiceNote.objects.exists()
    assert not FieldChange.objects.exists()


def test_who_was_in_a_lesson_leaves_an_empty_place_there(visitor: Visitor, studio: Studio, world: World) -> None:
    camille = world.camille
    end(studio.hear("Camille rides Caramel", horse="Caramel", client=camille))
    world.plan(clients=[camille.pk])
    assert "The lessons stay" in see(visitor, f"{CLIENTS}{camille.pk}/erase/")
    visitor.post(f"{CLIENTS}{camille.pk}/erase/")
    camille.refresh_from_db()
    assert (str(camille), camille.email, camille.horse) == ("Erased client", "", "")
    assert not VoiceNote.objects.exists()
    assert not FieldChange.objects.exists()


# ── Cost ──


@pytest.mark.parametrize("count", [10, 1000])
def test_the_table_costs_three_queries_whatever_the_number_of_clients(visitor: Visitor, studio: Studio, count: int) -> None:
    many_clients(studio, count)
    assert cost(visitor, f"{CLIENTS}?q=c") <= 3


@pytest.mark.parametrize("count", [10, 1000])
@pytest.mark.parametrize("path", ["", "history/"])
def test_a_record_costs_three_queries_whatever_its_history(visitor: Visitor, studio: Studio, count: int, path: str) -> None:
    note = new_number(studio)
    changes = (FieldChange(client=note.client, note=note, field="phone", new=str(number)) for number in range(count))
    FieldChange.objects.bulk_create(changes)
    assert cost(visitor, f"{CLIENTS}{note.client_id}/{path}") <= 3
