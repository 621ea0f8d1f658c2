"""The pages of the voice notes as they are served: who may see them, what each button does, and what they cost."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from audio import services
from audio.models import FieldChange, NotePreference, VoiceNote
from jobs.models import Job
from lessons.models import Client, Membership
from tests.audio.studio import Studio, fresh, history, recording
from tests.lessons.world import World

SESSION_USER_AND_MEMBERSHIP = 3
SAID = "Jean Dupont has a new number it is 0470 12 34 56"


@pytest.fixture
def visitor(studio: Studio) -> Visitor:
    return visitor_of(studio.manager)


def visitor_of(user: User) -> Visitor:
    visitor = Visitor(headers={"accept-language": "en"})
    visitor.force_login(user)
    return visitor


def page_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def see(visitor: Visitor, path: str = "/audio/") -> str:
    return page_of(visitor.get(path))


def follow(answer: Any, visitor: Visitor) -> str:
    assert answer.status_code == 302, answer.status_code
    return see(visitor, answer["Location"])


def end(note: VoiceNote, status: str = "done", error: str = "") -> VoiceNote:
    Job.objects.filter(pk__in=[note.job_id]).update(status=status, error=error)
    return fresh(note)


def row_of(page: str, note: VoiceNote) -> str:
    return page.split(f'id="note-{note.pk}"')[1].split("</li>")[0]


def main_of(page: str) -> str:
    return page.split("<main")[1].split("</main>")[0]


def new_number(studio: Studio) -> VoiceNote:
    """A note that was understood, with its job at its end."""
    return end(studio.hear(SAID, first_name="Jean", last_name="Dupont", phone=("0470 12 34 56", "it is 0470 12 34 56")))


def client_of(note: VoiceNote) -> Client:
    assert note.client
    return note.client


def many_notes(studio: Studio, count: int) -> None:
    client = studio.client("Jean", "Dupont")
    wanted = {"club": studio.club, "client": client, "content_type": "audio/wav", "size_bytes": 1, "language": "en", "transcription": SAID}
    notes = VoiceNote.objects.bulk_create(VoiceNote(**wanted) for _each in range(count))
    FieldChange.objects.bulk_create(FieldChange(client=client, note=note, field="phone", new="1") for note in notes)


def cost(visitor: Visitor, path: str) -> int:
    """In queries beyond the session, the user and the membership; of the second visit, when nothing is looked up for the first time."""
    visitor.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert visitor.get(path).status_code == 200
    return len(queries) - SESSION_USER_AND_MEMBERSHIP


# ── Who ──


def test_a_teacher_reads_nothing_here(studio: Studio, world: World) -> None:
    note = new_number(studio)
    visitor = visitor_of(world.teacher_user())
    for path in ("/audio/", f"/audio/{note.pk}/", f"/audio/{note.pk}/delete/"):
        assert visitor.get(path).status_code == 403, path


def test_somebody_unknown_is_sent_to_the_log_in(studio: Studio) -> None:
    assert Visitor().get("/audio/")["Location"].startswith("/connexion/")


def test_the_sections_are_offered_to_managers_alone(visitor: Visitor, world: World) -> None:
    page = see(visitor, "/club/planning")
    assert 'href="/audio/"' in page
    assert 'href="/club/clients/"' in page
    assert 'href="/audio/"' not in see(visitor_of(world.teacher_user()), "/club/planning")


def test_another_clubs_note_is_not_there(studio: Studio) -> None:
    note = new_number(studio)
    stranger = visitor_of(World("Other", "other-").manager)
    assert stranger.get(f"/audio/{note.pk}/").status_code == 404
    for action in ("answer", "again", "undo", "delete"):
        assert stranger.post(f"/audio/{note.pk}/{action}/", {"client": "new"}).status_code == 404, action
    assert VoiceNote.objects.filter(pk=note.pk).exists()


def test_another_clubs_notes_are_not_listed(studio: Studio) -> None:
    note = new_number(studio)
    assert f'id="note-{note.pk}"' not in see(visitor_of(World("Other", "other-").manager))


# ── Recording ──


def test_the_page_may_play_what_was_just_recorded_and_no_other_page_may(visitor: Visitor) -> None:
    assert re.search("media-src [^;]*blob:", visitor.get("/audio/").headers["Content-Security-Policy"])
    assert "blob:" not in visitor.get("/club/planning").headers["Content-Security-Policy"]


def test_a_file_is_sent_by_a_plain_form(visitor: Visitor) -> None:
    answer = visitor.post("/audio/", {"file": recording(), "language": "en"})
    note = VoiceNote.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/audio/{note.pk}/")
    assert f'data-job="{note.job_id}"' in see(visitor, answer["Location"])


def test_a_note_goes_to_the_club_of_its_page_whatever_another_tab_shows(visitor: Visitor, studio: Studio) -> None:
    other = World("Other", "other-").club
    Membership.objects.create(user=studio.manager, club=other, role=Membership.Role.MANAGER)
    page = see(visitor, f"/audio/?club={studio.club.pk}")
    visitor.get(f"/audio/?club={other.pk}")
    for address in re.findall(r'(?:data-upload|action)="([^"]*(?:upload|/audio/)\?club=[^"]*)"', page):
        visitor.post(address, {"file": recording(), "language": "en"})
    assert [note.club for note in VoiceNote.objects.all()] == [studio.club] * 2


def test_a_file_for_a_client_keeps_its_client(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont")
    visitor.post("/audio/", {"file": recording(), "client": jean.pk})
    assert VoiceNote.objects.get().client == jean


def test_another_clubs_client_cannot_be_named(visitor: Visitor) -> None:
    theirs = World("Other", "other-").camille
    assert visitor.post("/audio/", {"file": recording(), "client": theirs.pk}).status_code == 422
    assert not VoiceNote.objects.exists()


@pytest.mark.parametrize(("content", "reason"), [(b"", "err"), (b"no sound at all", "no sound recording")])
def test_what_is_no_recording_is_refused_at_its_field(visitor: Visitor, content: bytes, reason: str) -> None:
    answer = visitor.post("/audio/", {"file": recording(content)})
    assert answer.status_code == 422
    assert reason in page_of(answer).split('id="id_file_error"')[1][:400]


def test_a_form_without_a_file_says_so(visitor: Visitor) -> None:
    assert 'id="id_file_error"' in page_of(visitor.post("/audio/", {}))


def test_what_is_too_large_is_refused_before_it_is_read(visitor: Visitor, settings: Settings) -> None:
    settings.AUDIO_MAX_MEGABYTES = 0
    answer = visitor.post("/audio/", {"file": recording(bytes(100_000))})
    assert "larger than 0 MB" in follow(answer, visitor)


def test_a_form_of_another_site_sends_nothing(studio: Studio) -> None:
    visitor = Visitor(enforce_csrf_checks=True)
    visitor.force_login(studio.manager)
    assert visitor.post("/audio/", {"file": recording()}).status_code == 403
    assert not VoiceNote.objects.exists()


def test_the_form_has_the_same_pace_as_the_api(visitor: Visitor, settings: Settings) -> None:
    settings.AUDIO_UPLOADS_A_MINUTE = 1
    visitor.post("/audio/", {"file": recording()})
    assert "Too many notes at once" in follow(visitor.post("/audio/", {"file": recording()}), visitor)
    assert VoiceNote.objects.count() == 1


def test_the_embedded_transcriber_says_what_it_cannot(visitor: Visitor, settings: Settings) -> None:
    settings.TRANSCRIBER = "pocketsphinx"
    assert "understands English only" in see(visitor)
    settings.TRANSCRIBER = "openai"
    assert "understands English only" not in see(visitor)


# ── The list ──


def test_without_notes_the_page_says_what_to_say(visitor: Visitor) -> None:
    assert "No voice note yet" in see(visitor)


def test_each_note_says_what_came_of_it(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    services.undo_change(change=note.changes.get(field="phone"), user=studio.manager)
    row = see(visitor).split(f'id="note-{note.pk}"')[1].split("</li>")[0]
    assert "Jean Dupont" in row
    assert "3 fields changed, 1 undone" in row


def test_a_live_note_is_followed_and_an_ended_one_is_not(visitor: Visitor, studio: Studio) -> None:
    note = studio.note(SAID)
    row = 'id="list-title"'
    assert f'data-job="{note.job_id}"' in see(visitor).split(row)[1].split("</section>")[0]
    end(note)
    assert f'data-job="{note.job_id}"' not in see(visitor).split(row)[1].split("</section>")[0]


def test_a_failed_note_says_why_and_can_be_tried_again(visitor: Visitor, studio: Studio) -> None:
    note = end(studio.note(SAID), "error", "The server of the language model is away.")
    assert "The server of the language model is away." in row_of(see(visitor), note)
    follow(visitor.post(f"/audio/{note.pk}/again/", {"next": "/audio/?etat=echecs"}), visitor)
    assert fresh(note).status == "pending"


@pytest.mark.parametrize("lost", [{"file": ""}, {"unreadable": True}])
def test_what_no_retry_can_help_offers_none(visitor: Visitor, studio: Studio, lost: dict[str, Any]) -> None:
    note = end(studio.note("", studio.client("Jean")), "error", "The file holds no sound.")
    pages = [f"/audio/{note.pk}/", f"/club/clients/{note.client_id}/"]
    assert "Retry<" in row_of(see(visitor), note)
    assert all("Retry<" in main_of(see(visitor, path)) for path in pages)
    VoiceNote.objects.update(**lost)
    assert "Retry<" not in row_of(see(visitor), note)
    assert not any("Retry<" in main_of(see(visitor, path)) for path in pages)


def test_tabs_count_and_narrow(visitor: Visitor, studio: Studio) -> None:
    new_number(studio)
    failed = end(studio.note("Nobody"), "error")
    page = see(visitor, "/audio/?etat=echecs")
    assert "All <span>2</span>" in page
    assert "Failed <span>1</span>" in page
    assert f'id="note-{failed.pk}"' in page
    assert "Jean Dupont" not in page.split('id="list-title"')[1]


@pytest.mark.parametrize("search", ["élodie", "ELODIE", "lefèvre elodie", "caramel"])
def test_notes_are_found_by_a_name_or_by_words(visitor: Visitor, studio: Studio, search: str) -> None:
    found = end(studio.hear("Élodie Lefevre rides Caramel", first_name="Élodie", last_name="Lefevre"))
    other = new_number(studio)
    page = see(visitor, f"/audio/?q={search}")
    assert f'id="note-{found.pk}"' in page
    assert f'id="note-{other.pk}"' not in page


def test_notes_of_one_client_alone(visitor: Visitor, studio: Studio) -> None:
    mine, other = new_number(studio), end(studio.hear("Léa Petit", first_name="Léa", last_name="Petit"))
    page = see(visitor, f"/audio/?client={mine.client_id}")
    assert "Notes about Jean Dupont" in page
    assert f'id="note-{other.pk}"' not in page


def test_many_notes_are_turned_page_by_page(visitor: Visitor, studio: Studio) -> None:
    many_notes(studio, 30)
    assert "Notes 1 to 25" in see(visitor)
    assert "Notes 26 to 30" in see(visitor, "/audio/?page=2")


@pytest.mark.parametrize("query", ["?etat=x", "?page=x", "?page=999", "?page=-1", "?q=%00", "?client=x", "?page=99999999999999999999"])
def test_an_odd_address_shows_a_page_all_the_same(visitor: Visitor, studio: Studio, query: str) -> None:
    new_number(studio)
    assert visitor.get(f"/audio/{query}").status_code == 200


def test_the_preference_is_kept(visitor: Visitor, studio: Studio) -> None:
    new_number(studio)
    assert "You will get an e-mail" in follow(visitor.post("/audio/preference/", {"email_when_done": "on"}), visitor)
    assert NotePreference.objects.get().email_when_done
    assert 'name="email_when_done" data-submits autocomplete="off" checked' in see(visitor)
    visitor.post("/audio/preference/")
    assert not NotePreference.objects.get().email_when_done


def test_a_transcript_with_html_is_text(visitor: Visitor, studio: Studio) -> None:
    note = end(studio.note("<script>alert(1)</script>"))
    for path in ("/audio/", f"/audio/{note.pk}/"):
        assert "<script>alert(1)" not in visitor.get(path).content.decode()


# ── One note ──


def test_words_and_fields_share_a_number(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    page = see(visitor, f"/audio/{note.pk}/")
    phone = note.changes.get(field="phone")
    assert f'>it is 0470 12 34 56</mark><a class="ref" href="#change-{phone.pk}" aria-label="3: phone">3</a>' in page
    assert '<span class="ref" aria-hidden="true">3</span><h3>Phone</h3>' in page
    assert "<ins>0470 12 34 56</ins>" in page


def test_a_click_undoes_and_the_next_one_restores(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    change = note.changes.get(field="phone")
    here = {"next": f"/audio/{note.pk}/"}
    page = follow(visitor.post(f"/club/clients/changes/{change.pk}/undo/", here), visitor)
    assert "Phone: former value taken back" in page
    assert f"/club/clients/changes/{change.pk}/redo/" in page
    assert ("phone", "", "0470 12 34 56") not in history(client_of(note))
    visitor.post(f"/club/clients/changes/{change.pk}/redo/", here)
    assert ("phone", "", "0470 12 34 56") in history(client_of(note))


def test_another_clubs_change_is_not_there(studio: Studio) -> None:
    change = new_number(studio).changes.get(field="phone")
    stranger = visitor_of(World("Other", "other-").manager)
    assert stranger.post(f"/club/clients/changes/{change.pk}/undo/").status_code == 404


def test_all_is_undone_but_the_name_that_a_record_needs(visitor: Visitor, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont", phone="1", horse="Caramel")
    note = end(studio.hear(SAID, phone=("0470 12 34 56", "it is 0470 12 34 56"), client=jean))
    assert "All that the note changed is undone" in follow(visitor.post(f"/audio/{note.pk}/undo/", {"next": f"/audio/{note.pk}/"}), visitor)
    jean.refresh_from_db()
    assert (jean.phone, jean.horse) == ("1", "Caramel")


def test_what_was_changed_since_is_not_wiped_out(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    services.edit_client(client=client_of(note), values={"phone": "0471"}, user=studio.manager)
    change = note.changes.get(field="phone")
    assert "has changed since" in follow(visitor.post(f"/club/clients/changes/{change.pk}/undo/"), visitor)


def test_where_nobody_is_sure_the_page_asks(visitor: Visitor, studio: Studio) -> None:
    marie, lucie = studio.client("Marie", "Renard"), studio.client("Lucie", "Renard")
    studio.world.pack(marie, credits=7, valid_from=timezone.localdate())
    note = end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    page = see(visitor, f"/audio/{note.pk}/")
    assert "Of whom does this note speak?" in page
    assert re.search(r"Marie Renard</b> <span[^>]*>7 sessions *<", page)
    answered = follow(visitor.post(f"/audio/{note.pk}/answer/", {"client": lucie.pk}), visitor)
    assert "Client record “Lucie Renard” updated" in answered
    marie.refresh_from_db()
    lucie.refresh_from_db()
    assert (marie.horse, lucie.horse) == ("", "Caramel")


def test_the_answer_may_be_somebody_new(visitor: Visitor, studio: Studio) -> None:
    studio.client("Marie", "Renard")
    note = end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    assert "Client record “Renard” created" in follow(visitor.post(f"/audio/{note.pk}/answer/", {"client": "new"}), visitor)


@pytest.mark.parametrize("client", ["", "x", "99999999999999999999"])
def test_an_odd_answer_writes_nothing(visitor: Visitor, studio: Studio, client: str) -> None:
    studio.client("Marie", "Renard")
    note = end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    assert "Choose a client" in follow(visitor.post(f"/audio/{note.pk}/answer/", {"client": client}), visitor)


def test_an_answer_names_only_clients_of_the_club(visitor: Visitor, studio: Studio) -> None:
    studio.client("Marie", "Renard")
    note = end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    theirs = World("Other", "other-").camille
    assert visitor.post(f"/audio/{note.pk}/answer/", {"client": theirs.pk}).status_code == 404


def test_deleting_asks_first(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    assert "can still be undone" in see(visitor, f"/audio/{note.pk}/delete/")
    assert VoiceNote.objects.exists()
    assert "Note deleted" in follow(visitor.post(f"/audio/{note.pk}/delete/"), visitor)
    assert not VoiceNote.objects.exists()


def test_a_note_whose_recording_was_erased_says_so(visitor: Visitor, studio: Studio) -> None:
    note = new_number(studio)
    VoiceNote.objects.update(file="")
    page = see(visitor, f"/audio/{note.pk}/")
    assert "The recording was erased." in page
    assert "<audio" not in page


# ── Cost ──


@pytest.mark.parametrize("count", [10, 1000])
@pytest.mark.parametrize("query", ["", "?etat=echecs", "?q=jean"])
def test_the_list_costs_three_queries_whatever_the_number_of_notes(visitor: Visitor, studio: Studio, count: int, query: str) -> None:
    many_notes(studio, count)
    assert cost(visitor, f"/audio/{query}") <= 3


def test_a_note_costs_three_queries(visitor: Visitor, studio: Studio) -> None:
    studio.client("Marie", "Renard")
    asks = end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    for note in (new_number(studio), asks):
        assert cost(visitor, f"/audio/{note.pk}/") <= 3
