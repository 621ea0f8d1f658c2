"""Who gets a place, who waits for one, and what becomes of a place that frees."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audio.services import erase_client
from jobs.models import Job
from lessons.models import Change, Enrolment, Notice
from tests.lessons.enrolments import begun, cancel, enrol, full, kept, mark, roll, told, url
from tests.lessons.test_change_lesson import patch, run_changes, series
from tests.lessons.test_planning_page import page_of
from tests.lessons.world import World, api, statuses, visitor_of


def test_a_free_place_is_given_and_a_job_follows(world: World) -> None:
    answer = enrol(world, full(world, world.hugo, capacity=2), world.noe)
    assert (answer.status_code, answer.json()["attendance"], answer.json()["position"]) == (201, "expected", None)
    assert Job.objects.get(pk=answer.json()["job"]["token"]).kind == "lessons.after_enrolment"


def test_a_full_lesson_has_a_waiting_list(world: World) -> None:
    lesson = full(world, world.hugo)
    first, second = enrol(world, lesson, world.noe), enrol(world, lesson, world.camille)
    assert [(each.json()["attendance"], each.json()["position"]) for each in (first, second)] == [("waiting", 1), ("waiting", 2)]


def test_who_is_enrolled_twice_is_in_once(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    answer = enrol(world, lesson, world.noe)
    assert (answer.status_code, answer.json()["position"], answer.json()["job"]) == (200, 1, None)
    assert Change.objects.count() == 1


def test_a_freed_place_goes_to_who_waits_longest(world: World) -> None:
    lesson = full(world, world.hugo)
    for client in (world.noe, world.camille):
        enrol(world, lesson, client)
    cancel(world, lesson, world.hugo)
    assert roll(lesson) == {"Hugo": "cancelled", "Noé": "expected", "Camille": "waiting"}


def test_who_comes_back_waits_behind_the_others(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    enrol(world, lesson, world.camille)
    assert enrol(world, lesson, world.hugo).json()["position"] == 2


def test_the_lesson_says_who_has_a_place_and_who_waits(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    body = api(world.manager).get(f"/api/lessons/{lesson.pk}/").json()
    assert (body["clients"], body["waiting"], body["enrolled"]) == ([world.hugo.pk], [world.noe.pk], 1)
    assert body["enrolments"] == [{"client": world.hugo.pk, "status": "unpaid", "attendance": "expected"}]


def test_the_list_names_everybody_with_what_became_of_it(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    body = api(world.manager).get(url(lesson)).json()
    assert [(row["client_name"], row["attendance"]) for row in body["results"]] == [("Hugo", "cancelled"), ("Noé", "expected")]


def test_who_waits_can_leave_the_list(world: World) -> None:
    lesson = full(world, world.hugo, ahead=timedelta(hours=3))
    enrol(world, lesson, world.noe)
    assert cancel(world, lesson, world.noe).json()["attendance"] == "cancelled"


def test_close_to_the_lesson_the_manager_decides(world: World) -> None:
    lesson = full(kept(world, promotion_cutoff_hours=4), world.hugo, ahead=timedelta(hours=3))
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    assert roll(lesson)["Noé"] == "waiting"
    assert mark(world, lesson, world.noe, "expected").json()["attendance"] == "expected"


def test_a_club_may_give_freed_places_by_hand(world: World) -> None:
    lesson = full(kept(world, waiting_list_automatic=False), world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    assert roll(lesson)["Noé"] == "waiting"


@pytest.mark.parametrize("rule", [{"waiting_list_automatic": False}, {"promotion_cutoff_hours": 700}], ids=["by hand", "long before"])
def test_a_new_rule_of_the_waiting_lists_holds_for_the_places_that_are_free(world: World, rule: dict[str, Any]) -> None:
    lesson = full(kept(world, **rule), world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    assert roll(lesson)["Noé"] == "waiting"
    api(world.manager).patch("/api/club/", {"waiting_list_automatic": True, "promotion_cutoff_hours": 2})
    assert roll(lesson)["Noé"] == "expected"


def test_a_place_is_not_given_twice_by_hand(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    answer = mark(world, lesson, world.noe, "expected")
    assert (answer.status_code, answer.json()) == (400, {"attendance": ["The only place is taken."]})


def test_more_room_is_given_to_who_waits(world: World) -> None:
    lesson = full(world, world.hugo)
    for client in (world.noe, world.camille):
        enrol(world, lesson, client)
    patch(world, lesson, capacity=2)
    assert roll(lesson) == {"Hugo": "expected", "Noé": "expected", "Camille": "waiting"}


def test_less_room_than_clients_is_refused_at_its_field(world: World) -> None:
    answer = patch(world, full(world, world.hugo, world.noe), capacity=1)
    assert (answer.status_code, answer.json()["capacity"]) == (400, ["2 clients are enrolled."])


def test_who_waits_and_who_left_need_no_room(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    enrol(world, lesson, world.camille)
    for client in (world.noe, world.camille):
        cancel(world, lesson, client)
    assert patch(world, lesson, capacity=1).status_code == 200


def test_more_room_cannot_be_taken_back_under_who_got_it(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    change = patch(world, lesson, capacity=2).json()["change"]
    answer = api(world.manager).post(f"/api/lessons/changes/{change['id']}/undo/")
    assert (answer.status_code, answer.json()["capacity"]) == (400, ["2 clients are enrolled."])


def test_what_cannot_be_taken_back_is_not_offered(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    change = patch(world, lesson, capacity=2).json()["change"]
    assert (change["undo_url"], change["undo_until"]) == (None, None)
    page = page_of(
        visitor_of(world.manager).get("/club/planning", {"jour": f"{timezone.localdate(lesson.starts_at)}", "fait": change["id"]})
    )
    assert ("1 lesson changed. This stays: 2 clients are enrolled." in " ".join(page.split()), "/undo" in page) == (True, False)


def test_clients_who_come_with_more_room_keep_it_too(world: World) -> None:
    lesson = full(world, world.hugo)
    assert patch(world, lesson, clients=[world.hugo.pk, world.noe.pk], capacity=2).json()["change"]["undo_url"] is None


def test_more_room_that_nobody_took_is_taken_back(world: World) -> None:
    lesson = full(world, world.hugo)
    change = patch(world, lesson, capacity=2).json()["change"]
    assert api(world.manager).post(change["undo_url"]).status_code == 200
    lesson.refresh_from_db()
    assert lesson.capacity == 1


def test_a_list_of_clients_replaces_the_one_that_was(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    answer = patch(world, lesson, clients=[world.noe.pk, world.camille.pk])
    assert answer.json()["lesson"]["clients"] == [world.noe.pk, world.camille.pk]
    assert Job.objects.get(pk=answer.json()["job"]["token"]).kind == "lessons.after_enrolment"
    assert roll(lesson)["Hugo"] == "cancelled"


def test_a_list_longer_than_the_room_makes_them_wait(world: World) -> None:
    lesson = full(world, world.hugo)
    answer = patch(world, lesson, clients=[world.hugo.pk, world.noe.pk])
    assert (answer.json()["lesson"]["clients"], answer.json()["lesson"]["waiting"]) == ([world.hugo.pk], [world.noe.pk])


def test_the_list_that_was_read_changes_nothing_when_it_is_sent_back(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    answer = patch(world, lesson, clients=[world.hugo.pk])
    assert (answer.status_code, answer.json()["change"], roll(lesson)["Noé"]) == (200, None, "waiting")


def test_room_and_clients_change_in_one_request(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    answer = patch(world, lesson, clients=[world.camille.pk], capacity=1)
    assert (answer.status_code, answer.json()["lesson"]["clients"]) == (200, [world.camille.pk])


def test_who_waits_stays_in_turn_when_more_room_comes_with_a_list_of_clients(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    answer = patch(world, lesson, clients=[world.hugo.pk, world.camille.pk], capacity=2)
    assert (answer.status_code, roll(lesson)) == (200, {"Hugo": "expected", "Noé": "expected", "Camille": "waiting"})


def test_a_series_is_enrolled_in_at_once(world: World) -> None:
    lessons = series(world)
    answer = patch(world, lessons[1], "following", clients=[world.noe.pk])
    assert answer.json()["change"]["lessons"] == [lesson.pk for lesson in lessons[1:]]
    run_changes()
    assert [statuses(lesson) for lesson in lessons[:2]] == [{}, {"Noé": "unpaid"}]


def test_a_decision_can_be_taken_back_with_all_that_it_moved(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    before = list(Enrolment.objects.order_by("pk").values("attendance", "attendance_at", "charged"))
    answer = cancel(world, lesson, world.hugo)
    api(world.manager).post(answer.json()["change"]["undo_url"])
    assert list(Enrolment.objects.order_by("pk").values("attendance", "attendance_at", "charged")) == before


def test_taking_a_promotion_back_leaves_nobody_beside_a_free_place(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    patch(world, lesson, capacity=2)
    promotion = Change.objects.filter(kind="enrolled").latest("pk")
    api(world.manager).post(f"/api/lessons/changes/{promotion.pk}/undo/")
    assert roll(lesson) == {"Hugo": "expected", "Noé": "expected"}


def test_an_enrolment_that_is_taken_back_leaves_nothing(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    pack = world.pack(world.noe)
    answer = enrol(world, lesson, world.noe)
    run_changes()
    api(world.manager).post(answer.json()["change"]["undo_url"])
    run_changes()
    pack.refresh_from_db()
    assert (roll(lesson), pack.used, pack.uses.standing().count()) == ({"Hugo": "expected"}, 0, 0)


def test_what_somebody_has_decided_since_is_not_taken_back(world: World) -> None:
    lesson = full(world, world.hugo)
    answer = cancel(world, lesson, world.hugo)
    enrol(world, lesson, world.hugo)
    assert api(world.manager).post(answer.json()["change"]["undo_url"]).status_code == 409


@pytest.mark.parametrize("of", ["nobody", "stranger"])
def test_a_client_of_nobody_or_of_another_club_is_not_there(world: World, of: str) -> None:
    client = 10**9 if of == "nobody" else World("Autre", "other").hugo.pk
    answer = api(world.manager).post(url(full(world, world.hugo)), {"client": client})
    assert (answer.status_code, list(answer.json())) == (404, ["client"])


def test_a_lesson_of_another_club_is_not_there(world: World) -> None:
    other = World("Autre", "other")
    assert enrol(world, full(other, other.hugo), world.noe).status_code == 404


def test_a_cancelled_lesson_takes_nobody(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    api(world.manager).delete(f"/api/lessons/{lesson.pk}/")
    answer = enrol(world, lesson, world.noe)
    assert (answer.status_code, answer.json()["detail"]) == (409, "This lesson is cancelled.")


def test_nobody_is_enrolled_by_accident_in_what_has_begun(world: World) -> None:
    answer = enrol(world, begun(world, world.hugo, capacity=2), world.noe)
    assert (answer.status_code, list(answer.json())) == (400, ["client"])


def test_who_came_without_a_word_is_added_as_present(world: World) -> None:
    answer = enrol(world, begun(world, world.hugo, capacity=2), world.noe, attendance="attended")
    assert (answer.status_code, answer.json()["attendance"]) == (201, "attended")


def test_who_came_without_a_word_needs_a_place(world: World) -> None:
    answer = enrol(world, begun(world, world.hugo), world.noe, attendance="attended")
    assert (answer.status_code, answer.json()) == (400, {"client": ["The only place is taken."]})


@pytest.mark.parametrize("body", [{}, {"client": None}, {"client": "x"}, {"client": -1}, {"client": 10**30}, {"client": [1]}, []])
def test_what_is_no_client_is_said_at_the_field(world: World, body: Any) -> None:
    assert api(world.manager).post(url(full(world, world.hugo)), body).status_code == 400


def test_a_teacher_reads_and_does_not_enrol(world: World) -> None:
    lesson, teacher = full(world, world.hugo, capacity=2), api(world.teacher_user())
    assert teacher.get(url(lesson)).status_code == 200
    assert teacher.post(url(lesson), {"client": world.noe.pk}).status_code == 403


def test_lessons_of_a_client_are_those_with_a_place(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    found = api(world.manager).get(f"/api/lessons/?client={world.noe.pk}").json()["count"]
    assert found == 0


def test_a_client_who_waits_hears_of_a_change_and_of_a_cancellation(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    api(world.manager).delete(f"/api/lessons/{lesson.pk}/")
    run_changes()
    assert told(Notice.Kind.CANCELLED) == ["Hugo", "Noé"]


def test_a_client_who_left_hears_nothing_more(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    cancel(world, lesson, world.noe)
    api(world.manager).delete(f"/api/lessons/{lesson.pk}/")
    run_changes()
    assert told(Notice.Kind.CANCELLED) == ["Hugo"]


def test_an_erased_client_leaves_the_waiting_list_and_the_places_ahead(world: World) -> None:
    lesson, other = full(world, world.hugo), full(world, world.noe, ahead=timedelta(days=10))
    enrol(world, lesson, world.noe)
    enrol(world, other, world.camille)
    erase_client(client=world.noe)
    assert (roll(lesson), roll(other)["Camille"]) == ({"Hugo": "expected"}, "expected")
