"""A manager speaks in a real browser, through a microphone that says what was recorded for it; a real worker understands it offline."""

import re
import wave
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserType, Dialog, FilePayload, Locator, Page, Route, expect

from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from lessons.models import Client
from tests.audio.studio import Studio
from tests.audio.test_pages import end, new_number
from tests.audio.voices import HELLO, english, recorded
from tests.browser.conftest import OpenPage
from tests.cluster import Cluster
from tests.lessons.world import World

NOTES = "/audio/"
MICROPHONE_RATE = 48000
LEAD_SECONDS = 3  # of silence: a slow machine opens the microphone some time before it records
SPOKEN_SECONDS = LEAD_SECONDS + 6  # the silence before, the sentence, and some of the silence after
WAIT_MS = 120_000
ALLOWED: dict[str, Any] = {"permissions": ["microphone"]}
Worker = Callable[[], Cluster]


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Silence, then the sentence, as the browser's fake microphone wants it."""
    with wave.open(BytesIO(english(HELLO))) as spoken:
        rate, samples = spoken.getframerate(), np.frombuffer(spoken.readframes(spoken.getnframes()), "<i2")
    places = np.arange(0, len(samples), rate / MICROPHONE_RATE)
    path = tmp_path_factory.mktemp("microphone") / "hello.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", ""))
        silence = bytes(2 * MICROPHONE_RATE * LEAD_SECONDS)
        file.writeframes(silence + np.interp(places, np.arange(len(samples)), samples).astype("<i2").tobytes() + silence)
    return path


@pytest.fixture(scope="session")
def browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any], microphone: Path) -> Iterator[Browser]:
    """Nobody is there to answer the browser's question: a page has the microphone if its context grants it, and is refused otherwise."""
    fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *fake]})
    yield browser
    browser.close()


@pytest.fixture
def studio(world: World) -> Studio:
    return Studio(world)


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return lambda: Cluster(workers=1, VAR_DIR=str(tmp_path), TRANSCRIBER="pocketsphinx")


def record(page: Page, seconds: int = 1) -> None:
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_function("seconds => Number(document.querySelector('.rec-time').textContent.split(':')[1]) >= seconds", arg=seconds)
    page.get_by_role("button", name="Finish the recording").click()
    expect(state_of(page)).to_have_text("Listen, then send")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the note").click()


def state_of(page: Page) -> Locator:
    return page.locator("#recorder [data-part=state]")


def toast(page: Page) -> Locator:
    return page.locator(".toast")


def file(name: str, content_type: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": content_type, "buffer": content}


def problem(page: Page) -> Locator:
    return page.locator("#recorder [data-part=problem]")


# ── Speaking ──


def test_who_speaks_sees_the_clients_record_made(open_page: OpenPage, studio: Studio, worker: Worker) -> None:
    page = open_page(NOTES, **ALLOWED)
    record(page, SPOKEN_SECONDS)
    with worker():
        send(page)
        expect(toast(page)).to_contain_text("Client record “John Smith” created", timeout=WAIT_MS)
    expect(page.locator("#notes .items > li")).to_contain_text("John Smith")
    toast(page).get_by_role("link", name="See the record").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("John Smith")
    note = VoiceNote.objects.get()
    assert (note.content_type, note.client_created) == ("audio/webm", True)


def test_the_end_is_told_on_another_page(open_page: OpenPage, studio: Studio, worker: Worker) -> None:
    page = open_page(NOTES, **ALLOWED)
    page.set_input_files("input[type=file]", files=[file("memo.mp3", "audio/mpeg", recorded("mp3"))])
    send(page)
    expect(state_of(page)).to_have_text("Note sent")
    page.goto("/club/planning")
    with worker():
        expect(toast(page)).to_contain_text("Client record “John Smith” created", timeout=WAIT_MS)
    expect(page.locator(".tray")).to_contain_text("Client record “John Smith” created")


def test_what_ended_between_two_pages_is_told_on_the_next(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    record(page)
    send(page)
    expect(state_of(page)).to_have_text("Note sent")
    page.goto("/api/me/")
    end(VoiceNote.objects.get())
    page.goto("/club/planning")
    expect(toast(page)).to_contain_text("No word was heard")


def test_the_level_moves_and_a_pause_stops_the_clock(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('#recorder rect')].some(bar => parseFloat(bar.getAttribute('height')) > 30)"
    )
    page.get_by_role("button", name="Pause").click()
    expect(state_of(page)).to_have_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(state_of(page)).to_have_text("Recording")


def test_a_recording_is_listened_to_before_it_is_sent(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    record(page)
    player = page.get_by_label("Listen before sending")
    expect(player).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-part=listen]').readyState >= 1")
    assert player.evaluate("player => player.error") is None
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()
    assert not VoiceNote.objects.exists()


def test_it_works_with_the_keyboard(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    page.get_by_role("button", name="Record", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Finish the recording")).to_be_focused()
    page.wait_for_function("() => document.querySelector('.rec-time').textContent !== '0:00'")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Send the note")).to_be_focused()
    page.keyboard.press("Enter")
    expect(state_of(page)).to_have_text("Note sent")


def test_a_client_is_spoken_of_from_the_clients_page(open_page: OpenPage, studio: Studio) -> None:
    jean = studio.client("Jean", "Dupont")
    page = open_page(f"/club/clients/{jean.pk}/", **ALLOWED)
    record(page)
    send(page)
    expect(page.locator("#client-notes [data-job]")).to_contain_text("Last note")
    assert VoiceNote.objects.get().client == jean


# ── What goes wrong ──


def test_a_refused_microphone_is_explained_and_a_file_still_goes(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(problem(page)).to_contain_text("The microphone is refused for this page.")
    page.set_input_files("input[type=file]", files=[file("memo.wav", "audio/wav", english())])
    send(page)
    expect(state_of(page)).to_have_text("Note sent")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError') }", "No microphone was found."),
        ("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotReadableError') }", "Another program"),
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "only at an https address"),
        ("delete window.MediaRecorder", "This browser does not record."),
    ],
)
def test_each_obstacle_says_what_to_do(open_page: OpenPage, studio: Studio, script: str, words: str) -> None:
    page = open_page(NOTES, before=lambda page: page.add_init_script(script))
    page.get_by_role("button", name="Record", exact=True).click()
    expect(problem(page)).to_contain_text(words)
    expect(page.get_by_label("Choose an audio file")).to_be_enabled()


def test_a_failed_sending_loses_nothing(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    record(page)
    page.route("**/api/audio/upload*", lambda route: route.abort())
    send(page)
    expect(problem(page)).to_contain_text("the recording stays here")
    expect(page.get_by_role("link", name="Keep a copy on this device")).to_have_attribute("download", "note.webm")
    page.unroute("**/api/audio/upload*")
    page.get_by_role("button", name="Retry").click()
    expect(state_of(page)).to_have_text("Note sent")
    assert VoiceNote.objects.count() == 1


def test_an_answer_that_was_lost_makes_no_second_note(open_page: OpenPage, studio: Studio) -> None:
    def arrive_unheard(route: Route) -> None:
        route.fetch()
        route.abort()

    page = open_page(NOTES, **ALLOWED)
    record(page)
    page.route("**/api/audio/upload*", arrive_unheard, times=1)
    send(page)
    page.get_by_role("button", name="Retry").click()
    expect(state_of(page)).to_have_text("Note sent")
    assert VoiceNote.objects.count() == 1


def test_a_page_with_an_unsent_recording_asks_before_it_goes(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, **ALLOWED)
    record(page)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    expect(state_of(page)).to_have_text("Listen, then send")
    assert asked == ["beforeunload"]


def test_what_is_no_sound_is_refused_with_its_reason(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES)
    page.set_input_files("input[type=file]", files=[file("photo.webm", "audio/webm", b"\xff\xd8\xff\xe0 JFIF")])
    send(page)
    expect(problem(page)).to_contain_text("no sound recording that can be read")
    assert not VoiceNote.objects.exists()


def test_a_note_that_failed_says_why_in_the_list(open_page: OpenPage, studio: Studio) -> None:
    note = studio.note("Jean")
    page = open_page(NOTES)
    expect(page.locator(f"#note-{note.pk}")).to_contain_text("Next in line")
    end(note, "error", "The server of the transcriber is away.")
    expect(page.locator(f"#note-{note.pk}")).to_contain_text("The server of the transcriber is away.", timeout=WAIT_MS)
    page.locator(f"#note-{note.pk}").get_by_role("button", name="Retry").click()
    expect(page.locator(f"#note-{note.pk}")).to_contain_text("Next in line")


# ── What it wrote ──


def test_an_undo_stays_on_the_page_and_can_itself_be_undone(open_page: OpenPage, studio: Studio) -> None:
    note = new_number(studio)
    page = open_page(f"{NOTES}{note.pk}/")
    page.get_by_role("button", name="Undo – phone").click()
    expect(toast(page)).to_contain_text("Phone: former value taken back")
    expect(page.get_by_role("button", name="Restore – phone")).to_be_focused()
    assert FieldChange.objects.get(field="phone").undone_at
    toast(page).get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Undo – phone")).to_be_visible()
    assert FieldChange.objects.get(field="phone").undone_at is None


def test_an_undo_that_is_refused_says_why(open_page: OpenPage, studio: Studio) -> None:
    note = new_number(studio)
    page = open_page(f"{NOTES}{note.pk}/")
    Client.objects.update(phone="0471")
    page.get_by_role("button", name="Undo – phone").click()
    expect(page.locator("main > .banner.is-error")).to_contain_text("has changed since")
    expect(toast(page)).to_have_count(0)


def test_whoever_is_asked_chooses_the_client(open_page: OpenPage, studio: Studio) -> None:
    studio.client("Marie", "Renard")
    lucie = studio.client("Lucie", "Renard")
    end(studio.hear("Renard rides Caramel", last_name="Renard", horse="Caramel"))
    page = open_page(f"{NOTES}?etat=a-repondre")
    page.get_by_role("link", name=re.compile("^Answer")).click()
    page.get_by_role("radio", name="Lucie Renard").check()
    page.get_by_role("button", name="Fill in the record").click()
    expect(page.get_by_text("Client record “Lucie Renard” updated")).to_be_visible()
    lucie.refresh_from_db()
    assert lucie.horse == "Caramel"


def test_the_words_behind_a_field_are_heard_where_they_stand(open_page: OpenPage, studio: Studio) -> None:
    note = new_number(studio)
    FieldChange.objects.filter(field="phone").update(position_seconds=0.5)
    page = open_page(f"/club/clients/{note.client_id}/")
    page.locator("#field-phone").get_by_role("link", name=re.compile("^Listen at")).click()
    page.wait_for_function("() => document.querySelector('#field-phone audio')?.currentTime >= 0.5")


def test_a_marked_word_plays_from_where_it_was_said(open_page: OpenPage, studio: Studio) -> None:
    note = new_number(studio)
    FieldChange.objects.filter(field="phone").update(position_seconds=0.5)
    page = open_page(f"{NOTES}{note.pk}/")
    page.locator("mark", has_text="it is 0470").click()
    page.wait_for_function("() => document.querySelector('[data-player] audio').currentTime >= 0.5")
    expect(page.locator("mark")).to_have_count(3)


# ── Everybody ──


def test_a_file_goes_without_javascript(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(NOTES, java_script_enabled=False)
    page.set_input_files("input[type=file]", files=[file("memo.wav", "audio/wav", english())])
    page.get_by_role("button", name="Send the note").click()
    note = VoiceNote.objects.get()
    expect(page).to_have_url(re.compile(f"/audio/{note.pk}/$"))
    Job.objects.filter(pk__in=[note.job_id]).update(status="done")
    page.reload()
    expect(page.locator("audio[controls]")).to_be_visible()


@pytest.mark.parametrize("path", ["/audio/", "/audio/{note}/", "/audio/{note}/delete/", "/club/clients/", "/club/clients/{client}/",
                                  "/club/clients/{client}/history/", "/club/clients/new/", "/club/clients/{client}/erase/"])  # fmt: skip
def test_nothing_is_wider_than_the_window(open_page: OpenPage, studio: Studio, path: str) -> None:
    long = "x" * 120
    note = end(studio.hear(f"Jean {long} {long}", first_name="Jean", last_name=long, horse=(long[:80], long)))
    page = open_page(path.format(note=note.pk, client=note.client_id))
    for width in (320, 360, 820, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_telephone_the_chosen_tab_is_in_sight(open_page: OpenPage, studio: Studio) -> None:
    end(studio.note("Jean"), "error")
    page = open_page("/audio/?etat=echecs", viewport={"width": 320, "height": 1400})
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("path", ["/audio/", "/audio/{note}/", "/club/clients/"])
def test_a_finger_finds_everything_it_needs(open_page: OpenPage, studio: Studio, path: str) -> None:
    note = new_number(studio)
    page = open_page(path.format(note=note.pk), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    heights = "all => all.filter(e => e.checkVisibility()).map(e => e.offsetHeight)"
    assert min(page.locator("main button, main .btn, main .tabs a").evaluate_all(heights)) >= 40
