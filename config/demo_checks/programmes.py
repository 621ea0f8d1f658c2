"""A programme: made, assigned to a group, followed, assigned again, marked, and not there for a stranger."""

from dataclasses import dataclass, field
from typing import Any

from .visitor import Step, Visitor, require, wait_until

SKILLS = ("Pansage", "Pas", "Trot", "Galop")
CLIENTS = 12
DONE = ("done", "error", "cancelled")


@dataclass
class ProgrammeCheck:
    """What one step leaves for the next."""

    nobody: Visitor
    manager: Visitor
    mark: str
    programme: dict[str, Any] = field(init=False)
    clients: list[int] = field(init=False)
    job: dict[str, Any] = field(init=False)

    def steps(self) -> list[Step]:
        return [
            ("make a programme", self.make),
            ("assign it", self.assign),
            ("assign it again", self.assign_again),
            ("mark progress", self.mark_progress),
            ("be refused a programme", self.be_refused),
            ("be a stranger to it", self.be_a_stranger),
            ("delete it", self.delete),
        ]

    def make(self) -> str:
        self.programme = self.manager.create("/api/programmes/", {"name": f"Galop {self.mark}", "skills": list(SKILLS)})
        names = tuple(skill["name"] for skill in self.programme["skills"])
        require(names == SKILLS, f"not the skills that were asked for: {names}")
        return f"{len(SKILLS)} skills"

    def assign(self) -> str:
        self.clients = [row["id"] for row in self.manager.get("/api/clients/").body["results"][:CLIENTS]]
        result = self.assigned(self.clients)
        expected = {"clients": CLIENTS, "joined": CLIENTS, "tasks": len(SKILLS), "realisations": CLIENTS * len(SKILLS)}
        require(result == expected, f"the job made {result}")
        require(self.count("task-assignments") == len(SKILLS), "not one task assignment a skill")
        require(self.count("realisations") == CLIENTS * len(SKILLS), "not one realisation a client × skill")
        require(self.count("evaluations") == CLIENTS, "not one evaluation a client")
        return f"{len(SKILLS)} tasks, {CLIENTS * len(SKILLS)} realisations, {CLIENTS} evaluations"

    def assign_again(self) -> str:
        result = self.assigned(self.clients)
        require(result["realisations"] == result["tasks"] == result["joined"] == 0, f"assigned again: {result}")
        require(self.count("realisations") == CLIENTS * len(SKILLS), "doubled")
        return "nothing was missing, nothing was added"

    def mark_progress(self) -> str:
        query = {"programme": self.programme["id"], "client": self.clients[0]}
        row = self.manager.get("/api/realisations/", **query).body["results"][0]
        address = f"/api/realisations/{row['id']}/"
        marked = self.manager.send("PATCH", address, {"status": "acquired", "was": "todo"})
        require(marked.status == 200 and marked.body["status"] == "acquired", f"not marked: {marked}")
        late = self.manager.send("PATCH", address, {"status": "started", "was": "todo"})
        require(late.status == 409, f"what was marked meanwhile was written over: {late}")
        evaluation = self.manager.get("/api/evaluations/", **query).body["results"][0]
        require(evaluation["acquired"] == 1 and evaluation["progress"] == 100 // len(SKILLS), f"the evaluation says {evaluation}")
        return f"{evaluation['acquired']} of {evaluation['total']}; a late mark is told: {late.body['status'][0]}"

    def be_refused(self) -> str:
        answer = self.manager.post("/api/programmes/", {"name": self.programme["name"].upper(), "skills": ["Pas", "pas"]})
        require(answer.status == 400 and {"name", "skills"} <= set(answer.body), f"not refused at its fields: {answer}")
        nobody = self.manager.post(f"/api/programmes/{self.programme['id']}/assignments/", {"clients": []})
        require(nobody.status == 400 and "clients" in nobody.body, f"assigned to nobody: {nobody}")
        return str(answer.body["name"][0])

    def be_a_stranger(self) -> str:
        stranger = self.nobody.log_in("stranger")
        programme = f"/api/programmes/{self.programme['id']}/"
        answers = {path: stranger.get(path).status for path in (programme, f"{programme}assignments/", self.job["status_url"])}
        require(set(answers.values()) == {404}, f"a stranger sees something: {answers}")
        own = stranger.create("/api/programmes/", {"name": f"Galop {self.mark}", "skills": ["Pas"]})
        strange = stranger.post(f"/api/programmes/{own['id']}/assignments/", {"clients": self.clients})
        require(strange.status == 404, f"a stranger assigns to our clients: {strange}")
        return "404 for programme, job and clients"

    def delete(self) -> str:
        address = f"/api/programmes/{self.programme['id']}/"
        require(self.manager.send("DELETE", address).status == 204, "not deleted")
        require(self.manager.get(address).status == 404, "still there")
        left = self.manager.all_of("/api/evaluations/", client=self.clients[0])
        require(all(row["programme"] != self.programme["id"] for row in left), f"left behind: {left}")
        return "with its marks"

    def assigned(self, clients: list[int]) -> dict[str, Any]:
        answer = self.manager.post(f"/api/programmes/{self.programme['id']}/assignments/", {"clients": clients})
        require(answer.status == 201, f"not assigned: {answer}")
        self.job = answer.body["job"]
        seen: list[dict[str, Any]] = []

        def ended() -> bool:
            seen.append(self.manager.get(self.job["status_url"]).body)
            return seen[-1]["status"] in DONE

        wait_until(ended, "the job to end")
        require(seen[-1]["status"] == "done", f"the job ended as {seen[-1]['status']}: {seen[-1]['error']}")
        result: dict[str, Any] = seen[-1]["result"]
        return result

    def count(self, name: str) -> int:
        return int(self.manager.get(f"/api/{name}/", programme=self.programme["id"]).body["count"])
