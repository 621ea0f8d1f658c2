"""The series that was just planned, rearranged as a client program would: changed, cancelled, put back; people hear of it in time."""

from typing import Any

from .lessons import LessonCheck
from .visitor import Answer, Step, require, wait_until


class LessonChangeCheck:
    def __init__(self, planned: LessonCheck) -> None:
        self.planned, self.manager, self.nobody = planned, planned.manager, planned.nobody

    def steps(self) -> list[Step]:
        return [
            ("change the series", self.change),
            ("be too slow", self.be_too_slow),
            ("cancel the last lesson", self.cancel),
            ("put it back", self.put_back),
            ("cancel it for good", self.cancel_for_good),
            ("see the credit returned", self.see_the_credit),
            ("see who was told", self.see_mails),
        ]

    def change(self) -> str:
        first = self.planned.lessons[0]
        self.seen = self.lesson(first)["version"]
        answer = self.manager.send(
            "PATCH", f"{self.path(first)}?scope=all", {"starts_at": f"{self.planned.dates[0]}T19:00:00", "version": self.seen}
        )
        require(answer.status == 200, f"the series was not changed: {answer}")
        hours = {self.lesson(row)["starts_at"][11:16] for row in self.planned.lessons}
        require(hours == {"19:00"}, f"not all of them moved: {hours}")
        self.follow(answer)
        return f"{len(answer.body['change']['lessons'])} lessons at 19:00"

    def be_too_slow(self) -> str:
        """With what was on the screen before the change."""
        answer = self.manager.send("PATCH", f"{self.path(self.planned.lessons[0])}?scope=all", {"title": "x", "version": self.seen})
        require(answer.status == 409, f"who was slower was not told: {answer}")
        return str(answer.body["detail"])

    def cancel(self) -> str:
        self.last = self.planned.lessons[-1]
        self.cancelled = self.manager.send("DELETE", self.path(self.last))
        require(self.cancelled.status == 200 and self.lesson(self.last)["status"] == "cancelled", f"not cancelled: {self.cancelled}")
        self.follow(self.cancelled)
        return f"lesson {self.last['id']}"

    def put_back(self) -> str:
        answer = self.manager.post(self.cancelled.body["change"]["undo_url"], {})
        require(answer.status == 200 and self.lesson(self.last)["status"] == "planned", f"not put back: {answer}")
        self.follow(answer)
        used = self.used()
        require(used == len(self.planned.lessons), f"{used} debits for {len(self.planned.lessons)} lessons")
        return "planned again, paid again"

    def cancel_for_good(self) -> str:
        self.cancel()
        return "cancelled"

    def see_the_credit(self) -> str:
        used = self.used()
        require(used == len(self.planned.lessons) - 1, f"{used} debits for {len(self.planned.lessons) - 1} lessons")
        return "one session back on the subscription"

    def see_mails(self) -> str:
        """Nobody is told before the thirty seconds of undo are over; then of the change once, and of the second cancellation alone."""

        def subjects() -> list[str]:
            mails = self.nobody.get("/dev/mail/messages.json", to=self.planned.payer["email"]).body["results"]
            return sorted(mail["subject"].split()[0] for mail in mails if self.planned.mark in mail["subject"])

        wait_until(lambda: len(subjects()) >= 3, "the mails of the change and of the cancellation")
        require(subjects() == ["Annulé", "Changement", "Galop"], f"told something else: {subjects()}")
        return "once each"

    def follow(self, answer: Answer) -> None:
        url = answer.body["job"]["status_url"]
        wait_until(lambda: self.manager.get(url).body["status"] in ("done", "error"), "the job to end")
        body = self.manager.get(url).body
        require(body["status"] == "done", f"the job ended as {body['status']}: {body['error']}")

    def used(self) -> int:
        return int(self.manager.get(f"/api/subscriptions/{self.planned.subscription['id']}/").body["used"])

    def lesson(self, row: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = self.manager.get(self.path(row)).body
        return body

    def path(self, row: dict[str, Any]) -> str:
        return f"/api/lessons/{row['id']}/"
