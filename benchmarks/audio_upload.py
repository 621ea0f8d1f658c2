"""Uploads over real HTTP to a real gunicorn: the answer beside a bare Django view that stores the same file, and the memory it takes.

A part of `bin/bench audio`, which gives it the report.
"""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from audio.models import VoiceNote
from benchmarks.queue import wait_until
from benchmarks.report import Report
from jobs.models import Job

ROUNDS = int(os.environ.get("ROUNDS", "3"))
UPLOADS = int(os.environ.get("UPLOADS", "30"))
LARGE_UPLOADS = 5
ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1024 * 1024
OURS, BARE = "Aussitôt", "bare Django view"
SMALL = "upload of 1 MB, ms"
GROWTH = "growth of the web process over uploads of 25 MB, MiB"


def measure_uploads(report: Report) -> None:
    small, large = recording(MEGABYTE), recording(25 * MEGABYTE - 1024)
    with server() as (port, pid):
        token = log_in(port)
        for path in ("/api/audio/upload", "/bench/store"):
            post(port, path, token, small)  # what is loaded once
        for _ in range(ROUNDS):
            for _ in range(UPLOADS):
                report.add(BARE, SMALL, post(port, "/bench/store", token, small))
                report.add(OURS, SMALL, post(port, "/api/audio/upload", token, small))
        forget_peak(pid)
        before = peak_mebibytes(pid)
        for _ in range(LARGE_UPLOADS):
            report.add(OURS, "upload of 25 MB, ms", post(port, "/api/audio/upload", token, large))
        report.add(OURS, GROWTH, peak_mebibytes(pid) - before)
    VoiceNote.objects.all().delete()
    Job.objects.all().delete()


def judge_uploads(report: Report) -> None:
    report.ratio("upload_vs_bare_view", report.median(BARE, SMALL) / report.median(OURS, SMALL), at_least=1 / 3)
    report.limit(OURS, GROWTH, at_most=10)


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Its port, and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "error"]
    with tempfile.TemporaryDirectory() as var:
        (Path(var) / "static").mkdir()
        own = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "AUDIO_UPLOADS_A_MINUTE": "1000000", "VAR_DIR": var}
        process = subprocess.Popen([*command, "--no-control-socket"], cwd=ROOT, env={**os.environ, **own})
        try:
            wait_until(lambda: answers(port) and children_of(process.pid))
            yield port, children_of(process.pid)[0]
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def log_in(port: int) -> str:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"username": "manager", "password": "demo"})
    line.request("POST", "/api/login/", body, {"Content-Type": "application/json"})
    return str(json.load(line.getresponse())["token"])


def post(port: int, path: str, token: str, content: bytes) -> float:
    """Milliseconds until the whole answer is there."""
    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="n.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Authorization": f"Token {token}"}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.perf_counter()
    line.request("POST", path, body, headers)
    answer = line.getresponse()
    words = answer.read()
    milliseconds = (time.perf_counter() - began) * 1000
    line.close()
    assert answer.status == 202, (answer.status, words[:200])
    return milliseconds


def recording(size: int) -> bytes:
    """Noise, as a WAV of so many bytes."""
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(secrets.token_bytes(size // 4 * 4))
    return out.getvalue()


def forget_peak(pid: int) -> None:
    """The kernel begins anew, at what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
