"""The people of `bin/bench web`: they look at pages, think for a while, and their pages poll. Run by locust, in its own process."""

import json
import os
from itertools import cycle
from pathlib import Path
from random import choice

from locust import FastHttpUser, between, task

PLAN = json.loads(Path(os.environ["BENCH_WEB_PLAN"]).read_text())
SESSIONS = cycle(PLAN["sessions"])


class Manager(FastHttpUser):
    wait_time = between(*PLAN["think_seconds"])

    def on_start(self) -> None:
        self.cookies = {"Cookie": f"sessionid={next(SESSIONS)}", "Accept-Language": "fr"}
        self.turn = cycle(PLAN["pages"])
        for _ in range(PLAN["sessions"].index(self.cookies["Cookie"][10:]) % len(PLAN["pages"])):
            next(self.turn)

    @task(2)
    def look(self) -> None:
        name, path = next(self.turn)
        self.ask(name, path)

    @task(3)
    def poll(self) -> None:
        self.ask(*choice(PLAN["polls"]))

    def ask(self, name: str, path: str) -> None:
        with self.client.get(path, name=name, headers=self.cookies, allow_redirects=False, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code} instead of 200")
