"""The club's volunteer letters: asked for, sent, followed to their end, and found as PDFs in the mailboxes that they went to."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .visitor import Step, Visitor, require, wait_until

OUR_OWN = 3
PATIENCE_SECONDS = 180  # a letter takes a tenth of a second of a processor; a sending is all volunteers of the club
DONE = ("done", "error", "cancelled")


@dataclass
class LetterCheck:
    """What one step leaves for the next."""

    nobody: Visitor
    manager: Visitor
    mark: str
    ours: list[dict[str, Any]] = field(init=False)
    unreachable: dict[str, Any] = field(init=False)  # has no address
    expected: int = field(init=False)
    caught_before: set[str] = field(init=False)
    batch: dict[str, Any] = field(init=False)
    letters: list[dict[str, Any]] = field(init=False)
    mails: list[dict[str, Any]] = field(init=False)  # of this sending

    def steps(self) -> list[Step]:
        return [
            ("bring volunteers", self.bring_volunteers),
            ("ask what would be sent", self.dry_run),
            ("send to all", self.send),
            ("send again, same key", self.send_again),
            ("follow the letters", self.follow),
            ("see each letter's state", self.see_states),
            ("see a mail each", self.see_mails),
            ("see a PDF in each mail", self.see_pdfs),
            ("send to one by name", self.send_to_one),
            ("be a stranger to letters", self.be_a_stranger),
        ]

    def bring_volunteers(self) -> str:
        """Who has this year's letter gets no second one: so that a repeated check has letters to send, it brings its own people."""
        self.ours = [self.teacher(f"Lise {number}", f"lise{number}.{self.mark}@example.org") for number in range(1, OUR_OWN + 1)]
        self.unreachable = self.teacher("Nora", "")
        return f"{OUR_OWN} volunteers, and one without an address"

    def teacher(self, first_name: str, email: str) -> dict[str, Any]:
        return self.manager.create("/api/teachers/", {"first_name": first_name, "last_name": self.mark, "email": email, "volunteer": True})

    def dry_run(self) -> str:
        answer = self.manager.post("/api/letters/dry-run/", {"teachers": "all"})
        require(answer.status == 200 and not answer.body["missing"], f"the club's wording is not complete: {answer}")
        self.expected = answer.body["count"]
        reasons = {row["teacher"]: row["reason"] for row in answer.body["skipped"]}
        require(self.expected >= OUR_OWN, f"only {self.expected} letters would go")
        require(self.unreachable["id"] in reasons, f"who has no address is not left out: {reasons}")
        return f"{self.expected} letters, {len(reasons)} left out: « {reasons[self.unreachable['id']]} »"

    def send(self) -> str:
        self.caught_before = {mail["id"] for mail in self.caught()}
        answer = self.ask()
        require(answer["count"] == answer["batch"]["total"] == self.expected, f"not the {self.expected} letters of the dry run: {answer}")
        self.batch = answer["batch"]
        return str(answer["message"])

    def ask(self) -> dict[str, Any]:
        answer = self.manager.post("/api/letters/send/", {"teachers": "all"}, **{"Idempotency-Key": f"letters-{self.mark}"})
        require(answer.status == 202, f"the letters were not taken: {answer}")
        body: dict[str, Any] = answer.body
        return body

    def caught(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.nobody.get("/dev/mail/messages.json").body["results"]
        return rows

    def send_again(self) -> str:
        again = self.ask()
        require(again["batch"]["token"] == self.batch["token"], f"the same key began another sending: {again}")
        return "the same batch"

    def follow(self) -> str:
        seen: list[dict[str, Any]] = []

        def ended() -> bool:
            seen.append(self.manager.get(self.batch["status_url"]).body)
            return seen[-1]["status"] in DONE

        wait_until(ended, "the letters to be sent", PATIENCE_SECONDS)
        last = seen[-1]
        require((last["total"], last["done"]) == (self.expected, self.expected), f"not all are done: {last}")
        progress = [body["progress"] for body in seen]
        require(progress == sorted(progress) and progress[-1] == 100, f"progress went back or did not end: {progress}")
        return f"{last['done']} done, {last['error']} failed"

    def see_states(self) -> str:
        self.letters = self.manager.all_of("/api/letters/", batch=self.batch["token"], status="sent")
        others = {row["status"] for row in self.manager.all_of("/api/letters/", batch=self.batch["token"])} - {"sent", "held"}
        require(len(self.letters) == self.expected and not others, f"{len(self.letters)} of {self.expected} are sent; others are {others}")
        addresses = {letter["recipient_email"] for letter in self.letters}
        missing = {teacher["email"] for teacher in self.ours} - addresses
        require(not missing, f"no letter to {missing}")
        return f"{len(self.letters)} sent, {len({letter['message_id'] for letter in self.letters})} Message-IDs"

    def see_mails(self) -> str:
        new = [mail for mail in self.caught() if mail["id"] not in self.caught_before]
        subject = next((mail["subject"] for mail in new if mail["to"] == self.ours[0]["email"]), "")
        self.mails = [mail for mail in new if mail["subject"] == subject]
        got, asked = Counter(mail["to"] for mail in self.mails), Counter(letter["recipient_email"] for letter in self.letters)
        require(got == asked, f"the mailboxes got {got - asked} too much and {asked - got} too little")
        return f"{got.total()} mails for {len(self.letters)} letters: « {subject} »"

    def see_pdfs(self) -> str:
        """The bytes in the mailbox are those that the log names, and those that the manager can look at."""
        pdfs = [(mail["to"], self.nobody.fetch(f"/dev/mail/{mail['id']}/attachments/0/")) for mail in self.mails]
        require(all(pdf.startswith(b"%PDF") for _to, pdf in pdfs), "a mail without a PDF")
        got = Counter((to, hashlib.sha256(pdf).hexdigest()) for to, pdf in pdfs)
        asked = Counter((letter["recipient_email"], letter["pdf_sha256"]) for letter in self.letters)
        require(got == asked, f"other PDFs than those of the log went to {sorted(to for to, _hash in got - asked)}")
        sizes = [len(pdf) for _to, pdf in pdfs]
        kept = self.manager.fetch(f"/api/letters/{self.letters[0]['id']}/pdf/")
        require(hashlib.sha256(kept).hexdigest() == self.letters[0]["pdf_sha256"], "the kept PDF is not the one that was sent")
        return f"{len(sizes)} PDFs of {min(sizes) // 1000} to {max(sizes) // 1000} kB, each the one in the log"

    def send_to_one(self) -> str:
        """Who has a letter gets none with all, and another when named."""
        again = self.manager.post("/api/letters/dry-run/", {"teachers": "all"}).body["count"]
        require(again == 0, f"{again} letters would go twice")
        one = self.ours[0]
        answer = self.manager.post("/api/letters/send/", {"teachers": [one["id"]]})
        require(answer.status == 202 and answer.body["count"] == 1, f"one by name: {answer}")
        wait_until(lambda: self.count_of_mails(one) == 2, "the second letter")
        return "nobody twice with all; one more to whom was named"

    def count_of_mails(self, person: dict[str, Any]) -> int:
        return int(self.nobody.get("/dev/mail/messages.json", to=person["email"]).body["count"])

    def be_a_stranger(self) -> str:
        stranger, letter = self.nobody.log_in("stranger"), self.letters[0]["id"]
        paths = [f"/api/letters/{letter}/", f"/api/letters/{letter}/pdf/", self.batch["status_url"]]
        answers = {path: stranger.get(path).status for path in paths}
        require(set(answers.values()) == {404}, f"a stranger sees something: {answers}")
        refused = stranger.post("/api/letters/send/", {"teachers": [self.ours[0]["id"]]}).status
        require(refused in (400, 404), f"a stranger writes to our volunteer: {refused}")
        return "404 for letter, PDF and batch"
