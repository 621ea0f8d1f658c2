"""Voice notes: a spoken note goes in, the client comes out; a field is undone, and everything erased again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .visitor import Step, Visitor, require, wait_until

SPOKEN_NOTE = Path(__file__).resolve().parents[2] / "audio" / "demo_notes" / "jane.ogg"
SPOKEN = {"first_name": "Jane", "last_name": "Smith", "phone": "0499 12 34 56", "horse": "Apollo"}


@dataclass
class AudioCheck:
    """What one step leaves for the next."""

    nobody: Visitor
    manager: Visitor
    note: dict[str, Any] = field(init=False)

    def steps(self) -> list[Step]:
        return [
            ("speak about a client", self.speak),
            ("find the client", self.find_the_spoken_client),
            ("undo a field", self.undo),
            ("be a stranger to notes", self.be_a_stranger),
            ("erase the client", self.erase),
        ]

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

    def be_a_stranger(self) -> str:
        stranger = self.nobody.log_in("stranger")
        answers = {path: stranger.get(path).status for path in (self.note["status_url"], self.note["file_url"])}
        require(set(answers.values()) == {404}, f"a stranger hears something: {answers}")
        return "404 for note and recording"

    def erase(self) -> str:
        """So that the check can be repeated; with the client go the note and its recording."""
        removed = self.manager.send("DELETE", f"/api/clients/{self.note['client']['id']}/").status
        left = [self.manager.get(path).status for path in (self.note["status_url"], self.note["file_url"])]
        require([removed, *left] == [204, 404, 404], f"not erased: {removed}, {left}")
        return "404 for note and recording"
