"""`bin/faults [name…]`: the tests that break something on purpose, as a table. A name is part of a test's."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

BREAKING = (
    "tests/jobs/test_cluster.py",
    "tests/jobs/test_cluster_on_postgres.py",
    "tests/lessons/test_killed_worker.py",
    "tests/lessons/test_send_notice.py",
    "tests/lessons/test_double_booking.py",
    "tests/letters/test_deliver_letter.py",
    "tests/letters/test_killed_workers.py",
    "tests/letters/test_mail_faults.py",
    "tests/letters/thousand_letters.py",
    "tests/audio/test_killed_worker.py",
    "tests/audio/test_at_once.py",
    "tests/audio/test_upload.py",
)


class Table:
    """Prints a row a test, when it has ended."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """Ours is the only table."""
        return report.outcome, "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            fault = report.nodeid.partition("::test_")[2].replace("_", " ")
            measured = dict(report.user_properties)  # what a test gave to record_property
            self.rows.append({"fault": fault, "outcome": report.outcome, "seconds": round(report.duration, 2), **measured})
            print(f"{report.outcome:<7} {report.duration:6.2f} s  {fault}", flush=True)
            for name, figures in measured.items():
                print(f"{'':18}{name}: {figures}", flush=True)
        if report.failed:
            print(report.longreprtext)


def main(names: list[str]) -> int:
    table = Table()
    choice = ["-k", " or ".join(names)] if names else []
    status = pytest.main(
        [
            "-qq",
            "--no-header",
            "--no-summary",
            "--capture=no",
            "-o",
            "console_output_style=classic",
            *choice,
            *filter(os.path.exists, BREAKING),
        ],
        plugins=[table],
    )
    path = Path(os.environ["VAR_DIR"]) / "faults.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"date": datetime.now(UTC).isoformat(timespec="seconds"), "rows": table.rows}, indent=1, ensure_ascii=False))
    broken = sum(row["outcome"] != "passed" for row in table.rows)
    print(f"{len(table.rows)} histories, {broken} broken; {path}" if table.rows else f"No fault is named like {' or '.join(names)}.")
    return int(bool(status))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
