"""A lesson planned as a client program would: its repeats, debits, mails and reminders are seen, each once."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from .visitor import NotSeenError, Step, Visitor, require, wait_until

WEEKS = 5
FEWEST_TEACHERS, FEWEST_CLIENTS = 25, 60


@dataclass
class LessonCheck:
    """What one step leaves for the next."""

    nobody: Visitor
    manager: Visitor
    mark: str
    teacher: dict[str, Any] = field(init=False)
    payer: dict[str, Any] = field(init=False)  # has a subscription
    debtor: dict[str, Any] = field(init=False)  # has none
    subscription: dict[str, Any] = field(init=False)
    request: dict[str, Any] = field(init=False)
    dates: list[str] = field(init=False)
    lesson: dict[str, Any] = field(init=False)
    job: dict[str, Any] = field(init=False)
    lessons: list[dict[str, Any]] = field(init=False)

    def steps(self) -> list[Step]:
        return [
            ("find people", self.find_people),
            ("bring our own", self.bring_people),
            ("preview a weekly lesson", self.preview),
            ("plan it", self.plan),
            ("follow its job", self.follow),
            ("plan it again, same key", self.plan_again),
            ("see its repeats", self.see_repeats),
            ("see the debits", self.see_debits),
            ("see the mails", self.see_mails),
            ("see the reminders", self.see_reminders),
            ("see it on the page", self.see_the_page),
            ("read the calendar feed", self.read_the_feed),
            ("be refused", self.be_wrong),
            ("be a stranger", self.be_a_stranger),
        ]

    def find_people(self) -> str:
        teachers, clients = (self.manager.get(f"/api/{name}/").body["count"] for name in ("teachers", "clients"))
        require(teachers >= FEWEST_TEACHERS and clients >= FEWEST_CLIENTS, f"{teachers} teachers and {clients} clients are too few")
        return f"{teachers} teachers, {clients} clients"

    def bring_people(self) -> str:
        """Of our own, so that the check can be repeated on the same data."""
        self.teacher, self.payer, self.debtor = (
            self.person(kind, name) for kind, name in (("teachers", "Maude"), ("clients", "Paul"), ("clients", "Diane"))
        )
        pack = {"client": self.payer["id"], "kind": "pack", "credits": 10, "valid_from": str(date.today() - timedelta(days=1))}  # noqa: DTZ011  any day before
        self.subscription = self.manager.create("/api/subscriptions/", pack)
        return "a teacher, a client with 10 lessons, a client with none"

    def person(self, kind: str, name: str) -> dict[str, Any]:
        email = f"{name.lower()}.{self.mark}@example.org"
        return self.manager.create(f"/api/{kind}/", {"first_name": name, "last_name": self.mark, "email": email})

    def preview(self) -> str:
        """The first day from next week on that the club is open."""
        for days in range(7, 60):
            first = date.today() + timedelta(days=days)  # noqa: DTZ011  the club's clock is this machine's
            self.request = {
                "title": f"Galop {self.mark}", "teacher": self.teacher["id"], "place": f"Manège {self.mark}", "capacity": 8,
                "starts_at": f"{first}T18:00:00", "duration_minutes": 60, "clients": [self.payer["id"], self.debtor["id"]],
                "repeat": {"every_weeks": 1, "until": str(first + timedelta(weeks=WEEKS))},
            }  # fmt: skip
            query = {**self.request, "repeat": json.dumps(self.request["repeat"])}
            rows = self.manager.send("GET", f"/api/lessons/preview/?{urlencode(query, doseq=True)}").body["results"]
            self.dates = [row["date"] for row in rows if row["ok"]]
            if rows[0]["ok"] and len(self.dates) > 1:
                return f"{len(self.dates)} dates from {first}, {len(rows) - len(self.dates)} skipped"
        raise NotSeenError("the club is never open")

    def plan(self) -> str:
        answer = self.manager.post("/api/lessons/", self.request, **{"Idempotency-Key": self.mark})
        require(answer.status == 201, f"the lesson was not made: {answer}")
        self.lesson, self.job = answer.body["lesson"], answer.body["job"]
        require(self.lesson["clients"] == self.request["clients"], f"not the clients that were asked for: {self.lesson}")
        return f"lesson {self.lesson['id']}, job {self.job['status']}"

    def follow(self) -> str:
        seen: list[dict[str, Any]] = []

        def ended() -> bool:
            seen.append(self.manager.get(self.job["status_url"]).body)
            return seen[-1]["status"] in ("done", "error", "cancelled")

        wait_until(ended, "the job to end")
        require(seen[-1]["status"] == "done", f"the job ended as {seen[-1]['status']}: {seen[-1]['error']}")
        progress = [body["progress"] for body in seen]
        require(progress == sorted(progress) and progress[-1] == 100, f"progress went back or did not end: {progress}")
        return f"done: {', '.join(step['name'] for step in seen[-1]['steps'])}"

    def plan_again(self) -> str:
        answer = self.manager.post("/api/lessons/", self.request, **{"Idempotency-Key": self.mark})
        require(answer.status == 200 and answer.body["lesson"]["id"] == self.lesson["id"], f"the same key made something else: {answer}")
        return "the same lesson"

    def see_repeats(self) -> str:
        first = datetime.fromisoformat(self.lesson["starts_at"]).date()
        query = {"from": first, "to": first + timedelta(weeks=WEEKS, days=1)}
        rows = self.manager.get("/api/lessons/", **query, teacher=self.teacher["id"]).body["results"]
        self.lessons = [row for row in rows if row["series"] == self.lesson["series"]]
        hours = {row["starts_at"][11:16] for row in self.lessons}
        require([row["starts_at"][:10] for row in self.lessons] == self.dates, f"not the dates of the preview: {self.lessons}")
        require(hours == {"18:00"}, f"the hour moved: {hours}")
        return f"{len(self.lessons)} lessons, each at 18:00"

    def see_debits(self) -> str:
        used = self.manager.get(f"/api/subscriptions/{self.subscription['id']}/").body["used"]
        require(used == len(self.lessons), f"{used} debits for {len(self.lessons)} lessons")
        paid = {client: [state_of(row, client) for row in self.lessons] for client in self.request["clients"]}
        require(set(paid[self.payer["id"]]) == {"paid"}, f"not paid: {paid}")
        require(set(paid[self.debtor["id"]]) == {"unpaid"}, f"not marked unpaid: {paid}")
        return f"{used} debits, once a lesson; who has no subscription is marked unpaid"

    def see_mails(self) -> str:
        def subjects(person: dict[str, Any]) -> list[str]:
            mails = self.nobody.get("/dev/mail/messages.json", to=person["email"]).body["results"]
            return [mail["subject"] for mail in mails]

        people = (self.teacher, self.payer, self.debtor)
        wait_until(lambda: all(subjects(person) for person in people), "a mail to each person")
        twice = [person["email"] for person in people if len(subjects(person)) != 1]
        require(not twice, f"told more than once: {twice}")
        return f"one each to the teacher and both clients: « {subjects(self.teacher)[0]} »"

    def see_reminders(self) -> str:
        missing = [row["id"] for row in self.lessons if not row["reminder"]]
        require(not missing, f"no reminder for the lessons {missing}")
        ahead = {hours_between(row["reminder"]["due_at"], row["starts_at"]) for row in self.lessons}
        require(min(ahead) > 0, f"reminders after the lesson: {ahead}")
        return f"{len(self.lessons)} planned, {min(ahead):.0f} h before"

    def see_the_page(self) -> str:
        """As a browser: cookies, the form's token, the redirect, the week of the lesson."""
        browser = build_opener(HTTPCookieProcessor(cookies := CookieJar()))
        week = f"/club/planning?jour={self.dates[0]}"
        form_page = f"{self.manager.url}/connexion/?{urlencode({'next': week})}"
        browser.open(form_page, timeout=30).close()
        form = {"username": "manager", "password": "demo", "csrfmiddlewaretoken": next(c.value for c in cookies if c.name == "csrftoken")}
        with browser.open(Request(form_page, urlencode(form).encode(), {"Referer": form_page}), timeout=30) as answer:
            page = answer.read().decode()
            require(answer.url.endswith(week), f"the log-in led to {answer.url}")
        require(self.request["title"] in page, "the lesson is not on the planning page")
        return "on the planning page, after the log-in form"

    def read_the_feed(self) -> str:
        """Of the teacher: each lesson once, and nothing more once the address is closed."""
        feed = self.manager.create("/api/calendars/", {"teacher": self.teacher["id"]})
        text = self.nobody.fetch(feed["url"]).decode().replace("\r\n ", "")
        found = {int(line.removeprefix("UID:lesson-").partition("@")[0]) for line in text.split() if line.startswith("UID:lesson-")}
        require(found == {row["id"] for row in self.lessons}, f"not the lessons of the planning: {found}")
        self.manager.send("DELETE", f"/api/calendars/{feed['id']}/")
        closed = self.nobody.exchange("GET", feed["url"])[0]
        require(closed == 404, f"a closed address answers {closed}")
        return f"{len(found)} events, and 404 once it is closed"

    def be_a_stranger(self) -> str:
        stranger = self.nobody.log_in("stranger")
        paths = [f"/api/lessons/{self.lesson['id']}/", f"/api/clients/{self.payer['id']}/", self.job["status_url"]]
        answers = {path: stranger.get(path).status for path in paths}
        require(set(answers.values()) == {404}, f"a stranger sees something: {answers}")
        others = {**self.request, "starts_at": "2031-01-06T10:00:00", "repeat": None}
        refused = stranger.post("/api/lessons/", others).status
        require(refused in (400, 404), f"a stranger plans with our teacher: {refused}")
        return "404 for lesson, client and job"

    def be_wrong(self) -> str:
        """The same hour, teacher and place again: refused at its field, and nothing is made."""
        answer = self.manager.post("/api/lessons/", {**self.request, "repeat": None})
        require(answer.status == 400 and "teacher" in answer.body, f"a double booking was not refused at its field: {answer}")
        return str(answer.body["teacher"][0])


def state_of(lesson: dict[str, Any], client: int) -> str:
    return next(str(row["status"]) for row in lesson["enrolments"] if row["client"] == client)


def hours_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 3600
