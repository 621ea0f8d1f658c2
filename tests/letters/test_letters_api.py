"""The letters over HTTP: the contract, and who may do what."""

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Batch, Job
from jobs.worker import drain
from letters import services
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import Catcher
from tests.lessons.world import World, api
from tests.letters.office import Office


@pytest.fixture
def manager(office: Office) -> APIClient:
    return api(office.manager)


@pytest.fixture
def stranger(office: Office) -> APIClient:
    return api(World("Other", prefix="other-").manager)


def in_french(office: Office) -> APIClient:
    client = APIClient(headers={"accept-language": "fr"})
    client.force_login(office.manager)
    return client


def test_a_click_is_answered_at_once_with_the_batch(office: Office, manager: APIClient) -> None:
    answer = manager.post("/api/letters/send/", {"teachers": "all", "year": office.year})
    batch = Batch.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "count": 2,
        "message": "2 letters are being sent",
        "skipped": [],
        "batch": {"token": str(batch.pk), "total": 2, "status_url": f"/api/batches/{batch.pk}/"},
    }
    assert manager.get(f"/api/batches/{batch.pk}/").json()["pending"] == 2


@pytest.mark.parametrize(("count", "words"), [(1, "1 lettre en cours d'envoi"), (12, "12 lettres en cours d'envoi")])
def test_the_message_counts_in_french(office: Office, count: int, words: str) -> None:
    office.volunteers(10)
    teachers = list(office.club.teachers.values_list("pk", flat=True)[:count])
    answer = in_french(office).post("/api/letters/send/", {"teachers": teachers})
    assert (answer.json()["count"], answer.json()["message"]) == (count, words)


def test_those_left_out_are_named_with_the_reason(office: Office, manager: APIClient) -> None:
    nobody = office.world.teacher("Nobody", email="")
    answer = manager.post("/api/letters/send/", {"teachers": "all"}).json()
    assert answer["skipped"] == [{"teacher": nobody.pk, "reason": "No e-mail address."}]


def test_the_same_key_sends_once(office: Office, manager: APIClient) -> None:
    answers = [manager.post("/api/letters/send/", {"teachers": "all"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Job.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "teachers"), ({"teachers": "some"}, "teachers"), ({"teachers": []}, "teachers"), ({"teachers": ["1"]}, "teachers"),
     ({"teachers": [True]}, "teachers"), ({"teachers": [0]}, "teachers"), ({"teachers": [2**63]}, "teachers"),
     ({"teachers": "all", "year": "soon"}, "year"), ({"teachers": "all", "year": 1999}, "year"),
     ({"teachers": "all", "year": 2098}, "year")],
)  # fmt: skip
def test_bad_input_is_told_at_its_field(manager: APIClient, body: dict[str, Any], field: str) -> None:
    answer = manager.post("/api/letters/send/", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_teacher_of_another_club_is_404(office: Office, manager: APIClient) -> None:
    theirs = World("Other", prefix="other-").sophie
    assert manager.post("/api/letters/send/", {"teachers": [theirs.pk]}).status_code == 404
    assert manager.get("/api/letters/preview/", {"teacher": theirs.pk}).status_code == 404


def test_a_key_that_is_too_long_is_told(manager: APIClient) -> None:
    answer = manager.post("/api/letters/send/", {"teachers": "all"}, headers={"Idempotency-Key": "k" * 101})
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])


def test_missing_insurance_is_refused_with_where_to_fill_it_in(office: Office, manager: APIClient) -> None:
    office.reword(insurer="")
    answer = manager.post("/api/letters/send/", {"teachers": "all"})
    assert answer.status_code == 400
    assert answer.json()["missing"] == [{"field": "insurer", "label": "insurer", "url": "/club/letters/wording/"}]
    assert answer.json()["wording"] == ["The club’s wording does not say yet: insurer. Fill it in at /club/letters/wording/."]


def test_the_dry_run_counts_and_names_what_is_missing(office: Office, manager: APIClient) -> None:
    office.reword(insurer="")
    nobody = office.world.teacher("Nobody", email="")
    assert manager.post("/api/letters/dry-run/", {"teachers": "all"}).json() == {
        "count": 2,
        "skipped": [{"teacher": nobody.pk, "reason": "No e-mail address."}],
        "missing": [{"field": "insurer", "label": "insurer"}],
    }


def test_the_log_can_be_narrowed(office: Office, manager: APIClient) -> None:
    office.send()
    VolunteerLetterSend.objects.filter(teacher=office.lea).update(status="failed", error_message="550 no")
    rows = manager.get("/api/letters/", {"status": "failed"}).json()["results"]
    assert [(row["teacher"], row["error_message"], row["recipient_email"]) for row in rows] == [(office.lea.pk, "550 no", "t@example.org")]
    for query in ({"teacher": office.sophie.pk}, {"search": "Sophie"}, {"status": "pending"}):
        assert [row["teacher_name"] for row in manager.get("/api/letters/", query).json()["results"]] == ["Sophie Lambert"]


@pytest.mark.parametrize("teacher", ["9" * 23, "0", "x"])
def test_a_teacher_that_can_be_none_is_told(manager: APIClient, teacher: str) -> None:
    assert list(manager.get("/api/letters/", {"teacher": teacher}).json()) == ["teacher"]


def test_a_status_that_is_none_is_told(manager: APIClient) -> None:
    assert list(manager.get("/api/letters/", {"status": "lost"}).json()) == ["status"]


def test_the_summary_counts_each_status(office: Office, manager: APIClient) -> None:
    office.send()
    VolunteerLetterSend.objects.filter(teacher=office.lea).update(status="sent", sent_at=timezone.now())
    assert manager.get("/api/letters/summary/").json() == {"pending": 1, "sent": 1, "failed": 0, "unsure": 0, "held": 0, "bounced": 0,
                                                            "cancelled": 0}  # fmt: skip


def test_the_pdf_is_the_one_that_was_sent(office: Office, manager: APIClient, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    assert manager.get(f"/api/letters/{letter.pk}/pdf/").status_code == 404
    drain()
    answer = manager.get(f"/api/letters/{letter.pk}/pdf/", headers={"accept": "application/pdf"})
    letter.refresh_from_db()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert hashlib.sha256(answer.content).hexdigest() == letter.pdf_sha256
    assert answer["Content-Disposition"] == f'inline; filename="volunteer-letter-{office.year}-lea-dumont.pdf"'


def test_a_preview_is_a_pdf(office: Office, manager: APIClient) -> None:
    answer = manager.get("/api/letters/preview/", {"teacher": office.lea.pk})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


@pytest.mark.parametrize("query", [{}, {"teacher": "x"}, {"teacher": "0"}])
def test_a_preview_of_nobody_is_told(manager: APIClient, query: dict[str, str]) -> None:
    answer = manager.get("/api/letters/preview/", query)
    assert (answer.status_code, list(answer.json())) == (400, ["teacher"])


def test_the_failed_are_retried_after_a_dry_run(office: Office, manager: APIClient) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="failed")
    dry = manager.post("/api/letters/retry-failed/", {"dry_run": True})
    done = manager.post("/api/letters/retry-failed/", {})
    assert (dry.status_code, done.status_code) == (202, 202)
    assert (dry.json()["count"], dry.json()["batch"]) == (2, None)
    assert done.json()["batch"]["total"] == 2


def test_one_letter_is_retried(office: Office, manager: APIClient) -> None:
    letter = office.letter_to(office.lea)
    assert manager.post(f"/api/letters/{letter.pk}/retry/").status_code == 409
    VolunteerLetterSend.objects.update(status="failed")
    answer = manager.post(f"/api/letters/{letter.pk}/retry/")
    assert (answer.status_code, answer.json()["count"]) == (202, 1)


@pytest.mark.parametrize(("arrived", "status"), [(True, "sent"), (False, "pending")])
def test_an_unsure_letter_is_decided(office: Office, manager: APIClient, arrived: bool, status: str) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="unsure")
    answer = manager.post(f"/api/letters/{letter.pk}/resolve/", {"arrived": arrived})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert manager.post(f"/api/letters/{letter.pk}/resolve/", {"arrived": arrived}).status_code == 409


def test_a_waiting_letter_is_stopped(office: Office, manager: APIClient) -> None:
    letter = office.letter_to(office.lea)
    assert manager.post(f"/api/letters/{letter.pk}/cancel/").json()["status"] == "cancelled"
    assert manager.post(f"/api/letters/{letter.pk}/cancel/").status_code == 409


def test_a_batch_is_stopped_after_a_dry_run(office: Office, manager: APIClient) -> None:
    plan = office.send()
    body = {"batch": str(plan.batch.pk)}
    dry = manager.post("/api/letters/cancel/", {**body, "dry_run": True})
    assert dry.json() == {"count": 2, "running": 0, "message": "2 letters cancelled"}
    assert not VolunteerLetterSend.objects.filter(status="cancelled").exists()
    assert manager.post("/api/letters/cancel/", body).json() == dry.json()
    assert manager.get("/api/letters/summary/").json()["cancelled"] == 2


@pytest.mark.parametrize(("batch", "status"), [("x", 400), ("", 400), ("00000000-0000-7000-8000-000000000000", 404)])
def test_a_batch_that_is_none_is_told(manager: APIClient, batch: str, status: int) -> None:
    assert manager.post("/api/letters/cancel/", {"batch": batch}).status_code == status


def test_another_clubs_batch_is_not_there(office: Office, stranger: APIClient) -> None:
    assert stranger.post("/api/letters/cancel/", {"batch": str(office.send().batch.pk)}).status_code == 404
    assert set(VolunteerLetterSend.objects.values_list("status", flat=True)) == {"pending"}


def test_a_test_letter_names_its_job_and_its_address(office: Office, manager: APIClient) -> None:
    answer = manager.post("/api/letters/test/", {"teacher": office.lea.pk})
    assert (answer.status_code, answer.json()["message"]) == (202, "Test letter on its way to manager@example.org")
    assert answer.json()["job"]["token"] == str(Job.objects.get().pk)


def test_somebody_without_an_address_is_told(office: Office, manager: APIClient) -> None:
    type(office.manager).objects.update(email="")
    assert list(manager.post("/api/letters/test/", {"teacher": office.lea.pk}).json()) == ["email"]


def test_the_wording_is_read_and_changed(office: Office, manager: APIClient) -> None:
    assert manager.get("/api/letters/wording/").json()["insurer"] == "Pré Insurance"
    answer = manager.patch("/api/letters/wording/", {"insurer": "Other"})
    assert (answer.json()["insurer"], answer.json()["version"]) == ("Other", office.wording.version + 1)
    assert list(manager.patch("/api/letters/wording/", {"insurer": "x" * 121, "allowance": "gold"}).json()) == ["insurer", "allowance"]


@pytest.mark.parametrize(("language", "words"), [("fr", "Non trouvé."), ("en", "Not found.")])
def test_what_is_not_there_is_told_in_the_callers_language(manager: APIClient, language: str, words: str) -> None:
    assert manager.get("/api/letters/1/", headers={"accept-language": language}).json() == {"detail": words}


@pytest.mark.parametrize("path", ["", "pdf/", "retry/", "resolve/", "cancel/"])
def test_a_letter_of_another_club_is_not_there(office: Office, stranger: APIClient, path: str) -> None:
    letter = office.letter_to(office.lea)
    method = stranger.get if path in ("", "pdf/") else stranger.post
    assert method(f"/api/letters/{letter.pk}/{path}", {"arrived": True}).status_code == 404


def test_lists_and_counts_are_of_the_callers_club(office: Office, stranger: APIClient) -> None:
    office.send()
    assert stranger.get("/api/letters/").json()["count"] == 0
    assert set(stranger.get("/api/letters/summary/").json().values()) == {0}


READ = ["", "summary/", "wording/", "preview/?teacher={teacher}", "{letter}/", "{letter}/pdf/"]
WRITTEN = ["send/", "dry-run/", "retry-failed/", "cancel/", "test/", "{letter}/retry/", "{letter}/resolve/", "{letter}/cancel/"]


@pytest.mark.parametrize(("method", "path"), [*(("get", path) for path in READ), *(("post", path) for path in WRITTEN)])
def test_the_letters_are_for_managers_alone_as_their_pages_are(office: Office, method: str, path: str) -> None:
    letter, client = office.letter_to(office.lea), api(office.world.teacher_user())
    body = {"teachers": "all", "teacher": office.lea.pk, "batch": str(letter.sending.batch_id), "arrived": True}
    answer = getattr(client, method)(f"/api/letters/{path.format(letter=letter.pk, teacher=office.lea.pk)}", body)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only a manager of the club may do this.")
    assert list(VolunteerLetterSend.objects.values_list("status")) == [("pending",)]


@pytest.mark.parametrize("path", ["", "summary/", "wording/", "preview/"])
def test_nobody_sees_anything_without_logging_in(db: None, path: str) -> None:
    assert api(None).get(f"/api/letters/{path}").status_code == 401


def test_a_list_of_50_takes_as_many_statements_as_one_of_2(office: Office, manager: APIClient) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get("/api/letters/").status_code == 200
        return len(captured)

    office.send()
    few = statements()
    office.volunteers(48)
    office.send()
    assert statements() == few <= 6


def test_the_answer_to_100_comes_quickly_and_in_one_transaction(office: Office, manager: APIClient) -> None:
    office.volunteers(98)
    with CaptureQueriesContext(connection) as captured:
        assert manager.post("/api/letters/send/", {"teachers": "all"}).json()["count"] == 100
    assert len(captured) <= 22


def test_everything_is_in_the_schema(office: Office, manager: APIClient) -> None:
    schema = manager.get("/api/schema/", headers={"accept": "application/json"}).json()
    paths = {path for path in schema["paths"] if path.startswith("/api/letters/")}
    assert len(paths) == 14
    assert "Idempotency-Key" in str(schema["paths"]["/api/letters/send/"])


def test_nothing_personal_goes_into_a_job(office: Office) -> None:
    office.send()
    services.request_test(club=office.club, user=office.manager, teacher=office.lea)
    assert all(isinstance(argument, int) for job in Job.objects.all() for argument in job.args)
    assert set(Job.objects.values_list("label", flat=True)) == {"Letter", "Test letter"}
