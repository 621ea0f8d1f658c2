"""A recording is served to its club, whole or in part, and only as sound."""

import pytest

from audio.models import VoiceNote
from tests.audio.studio import Studio, wav
from tests.lessons.world import api

pytestmark = pytest.mark.django_db
WHOLE = wav()


@pytest.fixture
def note(studio: Studio) -> VoiceNote:
    return studio.note("hello")


def get(studio: Studio, note: VoiceNote, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    answer = api(studio.manager).get(f"/api/audio/notes/{note.pk}/file/", headers=headers)
    return answer.status_code, answer.getvalue(), dict(answer.headers)


def test_the_whole(studio: Studio, note: VoiceNote) -> None:
    status, content, headers = get(studio, note)
    assert (status, content, headers["Content-Type"], headers["Content-Length"]) == (200, WHOLE, "audio/wav", str(len(WHOLE)))
    assert (headers["Accept-Ranges"], headers["Cache-Control"]) == ("bytes", "private, no-cache")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, len(WHOLE)),
        ("bytes=-10", len(WHOLE) - 10, len(WHOLE)),
        ("bytes=5-999999999", 5, len(WHOLE)),
    ],
)
def test_a_part(studio: Studio, note: VoiceNote, asked: str, start: int, end: int) -> None:
    status, content, headers = get(studio, note, Range=asked)
    assert (status, content) == (206, WHOLE[start:end])
    assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(WHOLE)}"


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_part_that_is_not_there(studio: Studio, note: VoiceNote, asked: str) -> None:
    status, content, headers = get(studio, note, Range=asked)
    assert (status, content, headers["Content-Range"]) == (416, b"", f"bytes */{len(WHOLE)}")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-9", "lines=1-2", "bytes=-", "bytes=9-3", "bytes=a-b", "bytes=" + "9" * 40 + "-"])
def test_a_range_that_means_nothing_here_is_the_whole(studio: Studio, note: VoiceNote, asked: str) -> None:
    assert get(studio, note, Range=asked)[:2] == (200, WHOLE)


def test_a_part_of_another_version_is_the_whole(studio: Studio, note: VoiceNote) -> None:
    assert get(studio, note, **{"Range": "bytes=0-9", "If-Range": '"old"'})[0] == 200


def test_a_player_that_has_it_already_does_not_get_it_again(studio: Studio, note: VoiceNote) -> None:
    status, content, _headers = get(studio, note, **{"If-None-Match": get(studio, note)[2]["ETag"]})
    assert (status, content) == (304, b"")


def test_it_never_becomes_a_page(studio: Studio, note: VoiceNote) -> None:
    VoiceNote.objects.update(content_type="text/html")
    _status, _content, headers = get(studio, note)
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert "sandbox" in headers["Content-Security-Policy"]


def test_its_name_says_nothing_of_who_is_spoken_of(studio: Studio, note: VoiceNote) -> None:
    assert get(studio, note)[2]["Content-Disposition"] == f'inline; filename="note-{note.pk}.wav"'


def test_a_recording_that_was_erased_is_404(studio: Studio, note: VoiceNote) -> None:
    note.file.storage.delete(str(note.file.name))
    assert api(studio.manager).get(f"/api/audio/notes/{note.pk}/file/").status_code == 404
    VoiceNote.objects.update(file="")
    assert api(studio.manager).get(f"/api/audio/notes/{note.pk}/file/").status_code == 404
