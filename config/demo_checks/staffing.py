"""Staffing: a direction, some centres and the whole nation reckoned, against SQL that knows nothing of the product's own sums."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .visitor import Step, Visitor, require, wait_until

DONE = ("done", "error", "cancelled")
ASSUMED = {"working_days": "200", "hours_a_day": "8", "productivity": "0.8", "absence_rate": "0.1"}
HOURS_A_YEAR = Decimal("1152")  # 200 × 8 × 0.8 × 0.9
TINY = Decimal("0.000001")
# Whole hundredths, so that SQLite adds them up exactly too.
SUM_BY_SQL = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''SELECT SUM(CAST(ROUND(v.units * 100) AS BIGINT) * CAST(ROUND(t.minutes * 100) AS BIGINT))
        FROM staffing_volume v JOIN staffing_referencetask t ON t.id = v.task_id JOIN lessons_club c ON c.id = t.club_id
        WHERE c.name = 'Les Écuries du Bois' ''')
    print(cursor.fetchone()[0])
"""
CHANGE_BY_SQL = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("UPDATE staffing_referencetask SET minutes = minutes {change} WHERE id = {id}")
"""


@dataclass
class StaffingCheck:
    """What one step leaves for the next. `in_another_process` runs Python beside the server and gives what it printed."""

    nobody: Visitor
    manager: Visitor
    in_another_process: Callable[[str], str]
    directions: list[dict[str, Any]] = field(init=False)
    centres: list[int] = field(init=False)
    nation: dict[str, Any] = field(init=False)
    task_url: str = field(init=False)

    def steps(self) -> list[Step]:
        return [
            ("read the reference data", self.read_reference),
            ("run a direction", self.run_direction),
            ("run some centres", self.run_centres),
            ("run the nation", self.run_nation),
            ("add it up by SQL", self.add_up_by_sql),
            ("change a task elsewhere", self.change_a_task),
            ("be refused assumptions", self.be_refused),
            ("be a stranger to runs", self.be_a_stranger),
        ]

    def read_reference(self) -> str:
        self.directions = self.manager.get("/api/reference/directions").body
        first = self.manager.get(f"/api/reference/direction/{self.directions[0]['id']}").body
        self.centres = [centre["id"] for centre in first["centres"][:3]]
        tasks = self.manager.get("/api/reference/tasks").body
        require(len(self.directions) >= 2 and len(self.centres) == 3 and tasks, "the demo club has no reference data")
        return f"{len(self.directions)} directions, {len(tasks)} tasks"

    def run_direction(self) -> str:
        result = self.run(f"direction/{self.directions[0]['id']}")
        own = sum(Decimal(line["hours"]) for line in result["centres"])
        require(abs(own - Decimal(result["hours"])) < TINY, f"the direction is not the sum of its centres: {own}")
        return self.said(result)

    def run_centres(self) -> str:
        result = self.run("centres", {"centres": self.centres})
        require(len(result["centres"]) == 3, f"not the three centres asked for: {result['centres']}")
        return self.said(result)

    def run_nation(self) -> str:
        result = self.run("national")
        own = sum(Decimal(line["gap"]) for line in result["directions"])
        require(abs(own - Decimal(result["gap"])) < TINY, f"the nation is not the sum of its directions: {own}")
        self.nation = result
        return self.said(result)

    def add_up_by_sql(self) -> str:
        hours = Decimal(self.in_another_process(SUM_BY_SQL).split()[-1]) / 600_000
        need = hours / HOURS_A_YEAR
        require(abs(hours - Decimal(self.nation["hours"])) < TINY, f"{hours} h by SQL, {self.nation['hours']} h by the run")
        require(abs(need - Decimal(self.nation["fte_needed"])) < TINY, f"{need} needed by SQL, {self.nation['fte_needed']} by the run")
        return f"{hours:.2f} h, {need:.2f} full-time posts, the same"

    def change_a_task(self) -> str:
        """The web process has the tasks in its cache; nobody tells it of the change but the database."""
        before = self.manager.get("/api/reference/tasks").body[0]
        try:
            self.in_another_process(CHANGE_BY_SQL.format(change="+ 1", id=before["id"]))
            after = self.manager.get("/api/reference/tasks").body[0]
            require(Decimal(after["minutes"]) == Decimal(before["minutes"]) + 1, f"still {after['minutes']} min, was {before['minutes']}")
        finally:
            self.in_another_process(CHANGE_BY_SQL.format(change="- 1", id=before["id"]))
        return f"{before['minutes']} → {after['minutes']} min at the next read"

    def be_refused(self) -> str:
        answer = self.manager.post("/api/async/simulation/national", {"assumptions": {"productivity": 0, "absence_rate": 1}})
        require(answer.status == 400, f"impossible assumptions: {answer}")
        require(set(answer.body["assumptions"]) == {"productivity", "absence_rate"}, f"not at their fields: {answer}")
        return json.dumps(answer.body["assumptions"]["productivity"], ensure_ascii=False)

    def be_a_stranger(self) -> str:
        stranger = self.nobody.log_in("stranger")
        direction = f"/api/async/simulation/direction/{self.directions[0]['id']}"
        answers = {self.task_url: stranger.get(self.task_url).status, direction: stranger.post(direction, {}).status}
        require(set(answers.values()) == {404}, f"a stranger sees something: {answers}")
        return "404 for run and direction"

    def run(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.manager.post(f"/api/async/simulation/{path}", {**(body or {}), "assumptions": ASSUMED})
        require(answer.status == 202, f"the run was not taken: {answer}")
        self.task_url = answer.body["status_url"]
        seen: list[dict[str, Any]] = []

        def ended() -> bool:
            seen.append(self.manager.get(self.task_url).body)
            return seen[-1]["status"] in DONE

        wait_until(ended, "the run to end")
        require(seen[-1]["status"] == "done", f"the run failed: {seen[-1]['error']}")
        result: dict[str, Any] = seen[-1]["result"]
        return result

    def said(self, result: dict[str, Any]) -> str:
        return f"{Decimal(result['hours']):.0f} h, {Decimal(result['fte_needed']):.1f} needed, gap {Decimal(result['gap']):.1f}"
