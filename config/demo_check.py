"""`bin/demo --check`: the main job through HTTP, as a client program would do it, with nothing but the standard library.

Each step prints a line with its time. The first effect that is not seen ends the check with what was wrong.
"""

import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

WAIT_SECONDS = 30
WEEKS = 5
FEWEST_TEACHERS, FEWEST_CLIENTS = 25, 60
SPOKEN_NOTE = Path(__file__).resolve().parents[1] / "audio" / "demo_notes" / "jane.ogg"
SPOKEN = {"first_name": "Jane", "last_name": "Smith", "phone": "0499 12 34 56", "horse": "Apollo"}


class NotSeenError(Exception):
    """An effect that should be there and is not."""


@dataclass
class Answer:
    status: int
    body: Any


@dataclass
class Visitor:
    """Somebody with a token, or nobody yet."""

    url: str
    token: str = ""

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Answer:
        return self.send("POST", path, body, headers)

    def upload(self, path: str, file: Path, **fields: str) -> Answer:
        mark = secrets.token_hex(16)
        parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts.append(f'form-data; name="file"; filename="{file.name}"\r\n\r\n'.encode() + file.read_bytes())
        body = b"".join(f"--{mark}\r\nContent-Disposition: ".encode() + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()
        return self.send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def send(self, method: str, path: str, body: dict[str, Any] | bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        sent = {"Accept": "application/json", "Accept-Language": "fr", "Content-Type": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Token {self.token}"
        address = path if path.startswith("http") else self.url + path
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        try:
            with urlopen(Request(address, data, sent, method=method), timeout=30) as answer:
                return Answer(answer.status, parse(answer.read()))
        except HTTPError as error:
            with error:
                return Answer(error.code, parse(error.read()))

    def log_in(self, username: str) -> "Visitor":
        answer = self.post("/api/login/", {"username": username, "password": "demo"})
        require(answer.status == 200, f"{username} cannot log in: {answer}")
        return Visitor(self.url, answer.body["token"])


@dataclass
class Check:
    """What one step leaves for the next."""

    nobody: Visitor
    mark: str = field(default_factory=lambda: secrets.token_hex(3))
    manager: Visitor = field(init=False)
    teacher: dict[str, Any] = field(init=False)
    payer: dict[str, Any] = field(init=False)  # has a subscription
    debtor: dict[str, Any] = field(init=False)  # has none
    subscription: dict[str, Any] = field(init=False)
    request: dict[str, Any] = field(init=False)
    dates: list[str] = field(init=False)
    lesson: dict[str, Any] = field(init=False)
    job: dict[str, Any] = field(init=False)
    lessons: list[dict[str, Any]] = field(init=False)
    note: dict[str, Any] = field(init=False)

    def log_in(self) -> str:
        self.manager = self.nobody.log_in("manager")
        me = self.manager.get("/api/me/").body
        require(me["clubs"][0]["role"] == "manager", f"the manager manages no club: {me}")
        return f"manager of {me['clubs'][0]['name']}"

    def find_people(self) -> str:
        teachers, clients = (self.manager.get(f"/api/{name}/").body["count"] for name in ("teachers", "clients"))
        require(teachers >= FEWEST_TEACHERS and clients >= FEWEST_CLIENTS, f"{teachers} teachers and {clients} clients are too few")
        return f"{teachers} teachers, {clients} clients"

    def bring_people(self) -> str:
        """Of our own, so that the check can be repeated on the same data."""
        self.teacher, self.payer, self.debtor = (
            self.create(f"/api/{kind}/", {"first_name": name, "last_name": self.mark, "email": f"{name.lower()}.{self.mark}@example.org"})
            for kind, name in (("teachers", "Maude"), ("clients", "Paul"), ("clients", "Diane"))
        )
        pack = {"client": self.payer["id"], "kind": "pack", "credits": 10, "valid_from": str(date.today() - timedelta(days=1))}  # noqa: DTZ011  any day before
        self.subscription = self.create("/api/subscriptions/", pack)
        return "a teacher, a client with 10 lessons, a client with none"

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.manager.post(path, body)
        require(answer.status == 201, f"POST {path}: {answer}")
        made: dict[str, Any] = answer.body
        return made

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

    def speak(self) -> str:
        answer = self.manager.upload("/api/audio/upload", SPOKEN_NOTE, language="en")
        require(answer.status == 202 and answer.body["status"] == "pending", f"the note was not taken: {answer}")
        self.note = answer.body
        return f"note {self.note['audio_record_id']}, {self.note['status']}"

    def find_the_spoken_client(self) -> str:
        def ended() -> bool:
            self.note = self.manager.get(self.note["status_url"]).body | {"status_url": self.note["status_url"]}
            return self.note["status"] in ("done", "failed")

        wait_until(ended, "the note to be understood")
        require(self.note["status"] == "done" and self.note["client"], f"the note names nobody: {self.note}")
        client = self.manager.get(f"/api/clients/{self.note['client']['id']}/").body
        require({name: client[name] for name in SPOKEN} == SPOKEN, f"not what was said: {client}")
        return str(self.note["message"])

    def undo(self) -> str:
        change = next(row for row in self.note["client"]["changes"] if row["field"] == "horse")
        answer = self.manager.post(f"/api/clients/changes/{change['id']}/undo/", {})
        client = self.manager.get(f"/api/clients/{change['client']}/").body
        require(answer.status == 200 and client["horse"] == change["old"], f"the horse is still there: {client}")
        return f"{change['field']} of second {change['position_seconds']}: “{change['words']}”"

    def erase(self) -> str:
        """So that the check can be repeated; with the client go the note and its recording."""
        removed = self.manager.send("DELETE", f"/api/clients/{self.note['client']['id']}/").status
        left = [self.manager.get(path).status for path in (self.note["status_url"], self.note["file_url"])]
        require([removed, *left] == [204, 404, 404], f"not erased: {removed}, {left}")
        return "404 for note and recording"

    def be_a_stranger(self) -> str:
        stranger = self.nobody.log_in("stranger")
        paths = [f"/api/lessons/{self.lesson['id']}/", f"/api/clients/{self.payer['id']}/", self.job["status_url"]]
        paths += [self.note["status_url"], self.note["file_url"]]
        answers = {path: stranger.get(path).status for path in paths}
        require(set(answers.values()) == {404}, f"a stranger sees something: {answers}")
        others = {**self.request, "starts_at": "2031-01-06T10:00:00", "repeat": None}
        refused = stranger.post("/api/lessons/", others).status
        require(refused in (400, 404), f"a stranger plans with our teacher: {refused}")
        return "404 for lesson, client, job, note and recording"

    def be_wrong(self) -> str:
        """The same hour, teacher and place again: refused at its field, and nothing is made."""
        answer = self.manager.post("/api/lessons/", {**self.request, "repeat": None})
        require(answer.status == 400 and "teacher" in answer.body, f"a double booking was not refused at its field: {answer}")
        return str(answer.body["teacher"][0])

    def see_health(self) -> str:
        answer = self.nobody.log_in("operator").get("/api/health/")
        require(answer.status == 200 and answer.body["status"] == "ok", f"not healthy: {answer}")
        return f"ok, {len(answer.body['workers'])} workers"


def check_demo(url: str) -> int:
    check = Check(Visitor(url))
    steps: list[tuple[str, Callable[[], str]]] = [
        ("log in", check.log_in),
        ("find people", check.find_people),
        ("bring our own", check.bring_people),
        ("preview a weekly lesson", check.preview),
        ("plan it", check.plan),
        ("follow its job", check.follow),
        ("plan it again, same key", check.plan_again),
        ("see its repeats", check.see_repeats),
        ("see the debits", check.see_debits),
        ("see the mails", check.see_mails),
        ("see the reminders", check.see_reminders),
        ("see it on the page", check.see_the_page),
        ("be refused", check.be_wrong),
        ("speak about a client", check.speak),
        ("find the client", check.find_the_spoken_client),
        ("undo a field", check.undo),
        ("be a stranger", check.be_a_stranger),
        ("erase the client", check.erase),
        ("see the health", check.see_health),
    ]
    for name, step in steps:
        if not run(name, step):
            return 1
    print(f"All {len(steps)} steps saw their effect.")
    return 0


def run(name: str, step: Callable[[], str]) -> bool:
    began = time.monotonic()
    try:
        seen, ok = step(), True
    except NotSeenError as error:
        seen, ok = str(error), False
    except (URLError, KeyError, IndexError, TypeError) as error:
        seen, ok = f"an answer of another shape: {error!r}", False
    print(f"{'ok ' if ok else 'NO '} {name:<24} {(time.monotonic() - began) * 1000:7.0f} ms  {seen}", flush=True)
    return ok


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotSeenError(otherwise)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        require(time.monotonic() < deadline, f"waited {WAIT_SECONDS} s in vain for {what}")
        time.sleep(0.1)


def state_of(lesson: dict[str, Any], client: int) -> str:
    return next(str(row["status"]) for row in lesson["enrolments"] if row["client"] == client)


def hours_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 3600


def parse(content: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(content)
    return content.decode(errors="replace")
