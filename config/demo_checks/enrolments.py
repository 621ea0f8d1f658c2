"""A full lesson as a client program would run it: somebody waits, somebody leaves, the place goes on, who came is marked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from .lessons import LessonCheck
from .visitor import Answer, Step, require, wait_until


class EnrolmentCheck:
    def __init__(self, planned: LessonCheck) -> None:
        self.planned, self.manager, self.nobody = planned, planned.manager, planned.nobody

    def steps(self) -> list[Step]:
        return [
            ("fill a lesson", self.fill),
            ("wait for a place", self.wait),
            ("leave, and be replaced", self.leave),
            ("shrink under the enrolled", self.shrink),
            ("mark who came", self.mark),
        ]

    def late_steps(self) -> list[Step]:
        """After the thirty seconds of undo."""
        return [("see who got the place", self.see_mails)]

    def fill(self) -> str:
        """Of our own: one who has a place, one who waits and can pay."""
        self.leaver, self.waiter = (self.planned.person("clients", name) for name in ("Lea", "Wanda"))
        pack = {"client": self.waiter["id"], "kind": "pack", "credits": 5, "valid_from": str(date.today() - timedelta(days=1))}  # noqa: DTZ011  any day before
        self.subscription = self.manager.create("/api/subscriptions/", pack)
        self.lesson = self.plan(f"{self.planned.dates[0]}T10:00:00", [self.leaver])
        return f"{self.lesson['enrolled']}/{self.lesson['capacity']}"

    def wait(self) -> str:
        answer = self.manager.post(self.path(), {"client": self.waiter["id"]})
        require(answer.status == 201 and answer.body["attendance"] == "waiting", f"not on the waiting list: {answer}")
        self.follow(answer)
        require(self.used() == 0, "who waits has paid")
        return f"number {answer.body['position']}"

    def leave(self) -> str:
        answer = self.manager.send("DELETE", self.path(self.leaver))
        require(answer.status == 200 and answer.body["attendance"] == "cancelled", f"not cancelled in time: {answer}")
        self.follow(answer)
        body = self.manager.get(f"/api/lessons/{self.lesson['id']}/").body
        require((body["clients"], body["waiting"]) == ([self.waiter["id"]], []), f"the place was not given on: {body}")
        require(self.used() == 1, f"{self.used()} debits for one place")
        return "the place is given on and paid"

    def shrink(self) -> str:
        answer = self.manager.send("PATCH", f"/api/lessons/{self.lesson['id']}/", {"clients": [self.waiter["id"], self.leaver["id"]]})
        require(answer.body["lesson"]["waiting"] == [self.leaver["id"]], f"more clients than places: {answer}")
        self.follow(answer)
        answer = self.manager.send("PATCH", f"/api/lessons/{self.lesson['id']}/", {"capacity": 2})
        require(len(answer.body["lesson"]["clients"]) == 2, f"more room was not given to who waits: {answer}")
        answer = self.manager.send("PATCH", f"/api/lessons/{self.lesson['id']}/", {"capacity": 1})
        require(answer.status == 400 and "capacity" in answer.body, f"shrunk under the enrolled: {answer}")
        return str(answer.body["capacity"][0])

    def mark(self) -> str:
        """In a lesson that is going on: one is there, one is not, and one more has come."""
        begun = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
        lesson = self.plan(begun, [self.leaver, self.waiter], capacity=3)
        marks = [(self.leaver, "no_show"), (self.waiter, "attended")]
        for client, attendance in marks:
            answer = self.manager.send("PATCH", self.path(client, lesson), {"attendance": attendance})
            require(answer.status == 200 and answer.body["attendance"] == attendance, f"not marked: {answer}")
        answer = self.manager.post(self.path(lesson=lesson), {"client": self.planned.debtor["id"], "attendance": "attended"})
        require(answer.status == 201, f"who came was not added: {answer}")
        rows = self.manager.get(self.path(lesson=lesson)).body["results"]
        seen = sorted(row["attendance"] for row in rows)
        require(seen == ["attended", "attended", "no_show"], f"marked otherwise: {rows}")
        return "2 present, 1 absent"

    def see_mails(self) -> str:
        """The waiting list was left before its mail went out: only the place is told."""

        def subjects() -> list[str]:
            mails = self.nobody.get("/dev/mail/messages.json", to=self.waiter["email"]).body["results"]
            return [mail["subject"] for mail in mails if "place pour vous" in mail["subject"] or "attente" in mail["subject"]]

        wait_until(lambda: bool(subjects()), "the mail to who got the place")
        require(len(subjects()) == 1 and "place pour vous" in subjects()[0], f"told something else: {subjects()}")
        return f"« {subjects()[0]} »"

    def plan(self, starts_at: str, clients: list[dict[str, Any]], capacity: int = 1) -> dict[str, Any]:
        asked = {**self.planned.request, "repeat": None, "starts_at": starts_at, "capacity": capacity}
        answer = self.manager.post("/api/lessons/", {**asked, "clients": [client["id"] for client in clients]})
        require(answer.status == 201, f"the lesson was not made: {answer}")
        self.follow(answer)
        lesson: dict[str, Any] = answer.body["lesson"]
        return lesson

    def follow(self, answer: Answer) -> None:
        url = answer.body["job"]["status_url"]
        wait_until(lambda: self.manager.get(url).body["status"] in ("done", "error"), "the job to end")
        body = self.manager.get(url).body
        require(body["status"] == "done", f"the job ended as {body['status']}: {body['error']}")

    def used(self) -> int:
        return int(self.manager.get(f"/api/subscriptions/{self.subscription['id']}/").body["used"])

    def path(self, client: dict[str, Any] | None = None, lesson: dict[str, Any] | None = None) -> str:
        whole = f"/api/lessons/{(lesson or self.lesson)['id']}/enrolments/"
        return f"{whole}{client['id']}/" if client else whole
