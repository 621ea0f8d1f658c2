"""Staffing as a person does it in a browser: centres chosen on the page, and files of reference data on their way in."""

import re
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from .visitor import Browser, Step, Visitor, require, wait_until

CHOOSER, REFERENCE = "/staffing/centres/", "/staffing/reference/"
HEAD = "code;label;family;unit;minutes"
ASSUMED = {"working_days": "200", "hours_a_day": "8", "productivity": "0.8", "absence_rate": "0.1"}


@dataclass
class StaffingPagesCheck:
    """What one step leaves for the next."""

    manager: Visitor
    browser: Browser = field(init=False)
    chosen: list[int] = field(init=False)
    task: dict[str, Any] = field(init=False)

    def steps(self) -> list[Step]:
        return [
            ("choose centres", self.choose_centres),
            ("run the chosen", self.run_chosen),
            ("be told a wrong line", self.import_wrong_line),
            ("import a file", self.import_file),
            ("import it back", self.import_back),
        ]

    def choose_centres(self) -> str:
        """All of one direction with one click, of what a search found."""
        self.browser = Browser(self.manager.url).log_in("manager")
        direction = self.manager.get("/api/reference/directions").body[0]
        its = {centre["id"] for centre in self.manager.get(f"/api/reference/direction/{direction['id']}").body["centres"]}
        page = self.browser.submit(CHOOSER, {"change": f"add:{direction['id']}", "centres": "", "q": "", "only": "", **ASSUMED})
        hidden = re.search(r'type="hidden" name="centres" value="([\d,]*)"', page.text)
        ticked = re.findall(r'name="centres" value="(\d+)"[^>]* checked', page.text)
        self.chosen = [int(pk) for pk in [*ticked, *(hidden[1].split(",") if hidden and hidden[1] else [])]]
        require(set(self.chosen) == its, f"not the centres of {direction['name']}: {self.chosen}")
        return f"{len(its)} centres of {direction['name']}"

    def run_chosen(self) -> str:
        form = {"of": "centres", "centres": ",".join(map(str, self.chosen)), "q": "", "only": "", **ASSUMED}
        page = self.browser.submit(CHOOSER, form, to="/staffing/start/")
        found = re.search(r"/staffing/runs/([0-9a-f-]{36})/", page.url)
        require(found is not None, f"the run did not begin: {page.url}")
        task = f"/api/async/task/{found[1]}" if found else ""
        wait_until(lambda: self.manager.get(task).body["status"] in ("done", "error", "cancelled"), "the run to end")
        result = self.manager.get(task).body["result"]
        require(result and len(result["centres"]) == len(self.chosen), f"not a result of the chosen centres: {result}")
        sheet = self.browser.fetch(f"{page.path}result.xlsx")
        require(sheet.startswith(b"PK"), "the result is no workbook")
        return f"{len(result['centres'])} centres, a workbook of {len(sheet) // 1024} kB"

    def import_wrong_line(self) -> str:
        self.task = self.manager.get("/api/reference/tasks").body[0]
        page = self.bring_in([self.line(Decimal(self.task["minutes"])), "WRONG;Sans minutes;;;-1"])
        lines = re.findall(r'class="is-error"><td>\s*(\d+)</td><td>([^<]+)', page)
        require([number for number, _words in lines] == ["3"], f"another line was named: {lines}")
        return f"line 3: {lines[0][1].strip()}"

    def import_file(self) -> str:
        return self.change_minutes(Decimal(self.task["minutes"]) + 1)

    def import_back(self) -> str:
        return self.change_minutes(Decimal(self.task["minutes"]))

    def change_minutes(self, minutes: Decimal) -> str:
        page = self.bring_in([self.line(minutes)])
        apply = re.search(r'action="(/staffing/reference/imports/\d+/apply/)"', page)
        require(apply is not None, "a file without mistakes cannot be imported")
        address = self.browser.submit(REFERENCE, {}, to=apply[1] if apply else "").path
        self.wait_for(address, "banner is-done")
        now = next(task for task in self.manager.get("/api/reference/tasks").body if task["id"] == self.task["id"])
        require(Decimal(now["minutes"]) == minutes, f"{now['minutes']} min after an import of {minutes}")
        return f"{self.task['code']}: {now['minutes']} min"

    def bring_in(self, lines: list[str]) -> str:
        """The page of the file, once it was checked."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "taches.csv"
            file.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
            address = self.browser.submit(REFERENCE, {}, file=file).path
        return self.wait_for(address, "is-error", "/apply/")

    def wait_for(self, address: str, *signs: str) -> str:
        seen = [""]

        def is_over() -> bool:
            seen[0] = self.browser.fetch(address).decode()
            return "data-reload" not in seen[0] and any(sign in seen[0] for sign in signs)

        wait_until(is_over, f"{address} to be over")
        return seen[0]

    def line(self, minutes: Decimal) -> str:
        return ";".join([self.task["code"], self.task["label"], self.task["family"], self.task["unit"], str(minutes)])
