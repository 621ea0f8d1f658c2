"""What the rules read in spoken sentences: right, wrong and missed by field, and how long a transcript takes.

Three sets: the sixty of the issue, and two dozen each with traps and without that were written later, each before the rules had seen it.
"""

import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from audio.extraction import FIELDS
from audio.extraction.rules import extract_by_rules
from benchmarks.report import Report, wants_json
from tests.audio.extraction.scores import TODAY, Score, score, sentences

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SETS = {"sixty sentences": ("tuning", "held_out"), "with traps": ("second_look",), "ordinary": ("third_look",)}
PRECISION, RECALL = 0.95, 0.85


def main() -> int:
    report = Report("audio_extraction")
    measure_extraction(report)
    return report.finish(as_json=wants_json())


def measure_extraction(report: Report) -> None:
    for name, halves in SETS.items():
        add_score(report, name, score(sentences(*halves)))
    for _ in range(ROUNDS):
        measure_times(report)
    for field in FIELDS:
        report.ratio(f"precision_{field}", report.median("sixty sentences", f"{field}, precision"), at_least=PRECISION)
        report.ratio(f"recall_{field}", report.median("sixty sentences", f"{field}, recall"), at_least=RECALL)
    report.limit("rules", "a minute of speech, ms", at_most=100)


def add_score(report: Report, name: str, result: Score) -> None:
    for field in FIELDS:
        report.add(name, f"{field}, precision", result.precision(field))
        report.add(name, f"{field}, recall", result.recall(field))
    right, wrong, missed = (sum(counts.values()) for counts in (result.right, result.wrong, result.missed))
    report.add(name, "all fields, precision", right / (right + wrong))
    report.add(name, "all fields, recall", right / (right + missed))


def measure_times(report: Report) -> None:
    text = " ".join(sentence.text for sentence in sentences("tuning", "held_out") if sentence.language == "fr")
    for measure, characters in (("a minute of speech, ms", 1000), ("100,000 characters, ms", 100_000)):
        transcript = (text * (characters // len(text) + 1))[:characters]
        began = time.perf_counter()
        extract_by_rules(transcript, language="fr", today=TODAY)
        report.add("rules", measure, (time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    sys.exit(main())
