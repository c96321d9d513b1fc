import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from contacts.models import ContactImport
from smsadmin import health, schedules
from smsadmin.models import WorkerHeartbeat

from .conftest import findings, mend, notes, problems

pytestmark = pytest.mark.django_db


def fail_task(stopped):
    Task.objects.create(
        id=uuid.uuid4().hex, name="x", func="messaging.tasks.sweep", started=stopped, stopped=stopped, success=False
    )


def test_a_living_worker_is_told(living_worker):
    assert problems("queue.worker") == []
    assert "1 worker lives (on web1)." in [finding.sentence for finding in findings("queue.worker")]


def test_a_worker_that_has_fallen_silent_is_found(living_worker, make_log):
    make_log()
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    [sentence] = problems("queue.worker")
    assert sentence.startswith("No worker has run since ")


def test_a_worker_that_was_stopped_is_found(make_log):
    make_log()
    assert problems("queue.worker") == ["No worker runs."]


def test_an_installation_that_was_never_used_needs_no_worker_yet():
    assert problems("queue.worker") == []
    assert notes("queue.worker") == ["No worker runs, and none has run yet."]


def test_a_task_that_has_waited_for_long_is_found(settings, monkeypatch):
    settings.REDIS_URL = ""
    now = timezone.now()
    OrmQ.objects.create(key="smsadmin", payload="x", lock=now - timedelta(minutes=20))
    monkeypatch.setattr("smsadmin.doctor.queue.get_broker", lambda: OrmQueue)
    [sentence] = problems("queue.waiting")
    assert sentence == "The oldest of 1 task has waited for 20 minutes."


class OrmQueue:
    @staticmethod
    def queue_size():
        return OrmQ.objects.count()


def test_a_queue_that_cannot_be_reached_is_found(monkeypatch):
    def fail():
        raise health.Failing("Redis, which holds the queue, does not answer.")

    monkeypatch.setattr(health, "oldest_waiting", fail)
    assert problems("queue.waiting") == ["Redis, which holds the queue, does not answer."]


def test_missing_and_changed_schedules_are_found_and_put_right():
    Schedule.objects.filter(name="Clean up").delete()
    Schedule.objects.filter(name="Recount finished blasts").update(minutes=99)
    assert problems("queue.schedules") == [
        "2 recurring tasks are missing or changed: Recount finished blasts, Clean up."
    ]
    assert mend("queue.schedules") == ["2 recurring tasks put right."]
    assert problems("queue.schedules") == []
    assert schedules.find_wrong() == []


def test_a_schedule_that_runs_nothing_is_found():
    Schedule.objects.create(name="Old", func="messaging.tasks.gone", schedule_type=Schedule.DAILY)
    assert problems("queue.schedules") == ["The recurring task Old runs messaging.tasks.gone, which does not exist."]


def test_recurring_tasks_that_do_not_run_are_found(living_worker):
    Schedule.objects.filter(name="Clean up").update(next_run=timezone.now() - timedelta(hours=1))
    Schedule.objects.exclude(name="Clean up").update(next_run=timezone.now() + timedelta(minutes=1))
    assert problems("queue.schedules") == ["1 recurring task should have run by now, although a worker lives."]


def test_failures_of_the_last_day_are_found():
    fail_task(timezone.now() - timedelta(hours=2))
    fail_task(timezone.now() - timedelta(hours=3))
    fail_task(timezone.now() - timedelta(days=2))
    assert problems("queue.failures") == ["The task messaging.tasks.sweep has failed 2 times within a day."]


def test_an_import_that_stands_still_is_found():
    long_ago = timezone.now() - timedelta(hours=1)
    one = ContactImport.objects.create(file_name="a.csv", status="reading", updated_at=long_ago)
    ContactImport.objects.create(file_name="b.csv", status="applied", updated_at=long_ago)
    assert problems("queue.imports") == [f"1 import stands still (import {one.pk})."]
