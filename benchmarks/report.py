"""What every benchmark prints, and writes to $VAR_DIR/bench/<name>.json."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass
class Measure:
    system: str
    measure: str
    runs: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


class Report:
    def __init__(self, name: str) -> None:
        self.name = name
        self.measures: dict[tuple[str, str], Measure] = {}
        self.ratios: dict[str, float] = {}
        self.misses: list[str] = []

    def add(self, system: str, measure: str, value: float) -> None:
        self.measures.setdefault((system, measure), Measure(system, measure)).runs.append(round(value, 4))

    def median(self, system: str, measure: str) -> float:
        return self.measures[system, measure].median

    def runs(self, system: str, measure: str) -> list[float]:
        return self.measures[system, measure].runs

    def ratio(self, name: str, value: float, *, at_least: float | None = None) -> None:
        """> 1 is better for us."""
        self.ratios[name] = round(value, 3)
        if at_least is not None and value < at_least:
            self.misses.append(f"{name} is {value:.2f}, wanted ≥ {at_least:g}")

    def limit(self, system: str, measure: str, *, at_most: float) -> None:
        if (median := self.median(system, measure)) > at_most:
            self.misses.append(f"{measure} ({system}) is {median:.2f}, wanted ≤ {at_most:g}")

    def finish(self, *, as_json: bool) -> int:
        """Writes the file, prints it; 1 when a wanted figure was missed."""
        body = self._body()
        target = Path(os.environ.get("VAR_DIR", "var")) / "bench" / f"{self.name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
        print(json.dumps(body, ensure_ascii=False) if as_json else self._table())
        return 1 if self.misses else 0

    def _body(self) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "command": " ".join(["bin/bench", self.name]),
            "rows": [{**asdict(measure), "median": measure.median} for measure in self.measures.values()],
            "ratios": self.ratios,
            "misses": self.misses,
        }

    def _table(self) -> str:
        rows = [(m.system, m.measure, f"{m.median:,.4g}", " ".join(f"{run:,.4g}" for run in m.runs)) for m in self.measures.values()]
        lines = _columns([("system", "measure", "median", "runs"), *rows])
        lines += ["", *(f"{name}: {value:g}" for name, value in self.ratios.items())]
        lines += ["", *(self.misses or ["Every wanted figure was reached."])]
        return "\n".join(lines)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def wants_json() -> bool:
    return "--json" in sys.argv
