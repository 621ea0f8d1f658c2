"""Any server that speaks OpenAI's protocol: OpenAI's own, or one on the club's network."""

from typing import IO, TYPE_CHECKING, Any

import openai
from django.conf import settings
from pydantic import BaseModel, Field

from audio import openai_client
from audio.decoding import SAMPLE_RATE, probe
from audio.diagnosis import Diagnosis

from .contract import Progress, Transcriber, Transcript, Word

if TYPE_CHECKING:
    from audio.decoding import Samples

NOT_SPEECH = 0.8
FILE_NAMES = {"mp4": "note.m4a"}  # servers go by the ending
WITHOUT_TIMES = (400, 404, 415, 422)  # what a server answers to a format that it does not have


class _Timed(BaseModel):
    start: float
    end: float


class _Word(_Timed):
    word: str


class _Segment(_Timed):
    text: str
    no_speech_prob: float = 0.0


class _Answer(BaseModel):
    """Of `json` the text alone; of `verbose_json` as much as the server gives."""

    text: str
    language: str | None = None
    words: list[_Word] | None = Field(default=None)
    segments: list[_Segment] | None = Field(default=None)


class OpenAIServer(Transcriber):
    name = "openai"

    def hear(self, file: IO[bytes], samples: "Samples", *, language: str | None, progress: Progress) -> Transcript:
        container = probe(file).container
        upload = (FILE_NAMES.get(container, f"note.{container}"), file, f"audio/{container}")
        with openai_client.connected("OPENAI_TRANSCRIPTION_MODEL") as client:
            answer = _ask(client, upload, language)
        total = len(samples) / SAMPLE_RATE
        progress(total, total)
        return _transcript(answer, language)

    def diagnose(self) -> Diagnosis:
        return openai_client.diagnose("OPENAI_TRANSCRIPTION_MODEL")


def _ask(client: openai.OpenAI, upload: tuple[str, IO[bytes], str], language: str | None) -> _Answer:
    """With the times of words; from a server that knows none, the text alone."""
    try:
        return _call(client, upload, language, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    except openai.APIStatusError as error:
        if error.status_code not in WITHOUT_TIMES:
            raise
        return _call(client, upload, language, response_format="json")


def _call(client: openai.OpenAI, upload: tuple[str, IO[bytes], str], language: str | None, **wishes: Any) -> _Answer:
    upload[1].seek(0)
    response = client.audio.transcriptions.with_raw_response.create(
        file=upload, model=settings.OPENAI_TRANSCRIPTION_MODEL, language=language or openai.omit, temperature=0, **wishes
    )
    return _Answer.model_validate_json(response.content)


def _transcript(answer: _Answer, language: str | None) -> Transcript:
    """Without the sentences that the model itself takes for silence."""
    invented = [segment for segment in answer.segments or () if segment.no_speech_prob >= NOT_SPEECH]
    text = answer.text
    if invented and answer.segments:
        text = "".join(segment.text for segment in answer.segments if segment not in invented)
    words = [Word(word.word.strip(), word.start, word.end) for word in answer.words or () if not _within(word, invented)]
    return Transcript(" ".join(text.split()), language or answer.language or "", words)


def _within(word: _Word, segments: list[_Segment]) -> bool:
    middle = (word.start + word.end) / 2
    return any(segment.start <= middle <= segment.end for segment in segments)
