import uuid
from datetime import timedelta
from fnmatch import fnmatch

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from contacts.models import ContactImport
from smsadmin import health, installation
from smsadmin.models import WorkerHeartbeat
from smsadmin.worker import schedules

from .conftest import findings, mend, notes, problems

pytestmark = pytest.mark.django_db


def fail_task(stopped):
    Task.objects.create(
        id=uuid.uuid4().hex, name="x", func="messaging.tasks.recount", started=stopped, stopped=stopped, success=False
    )


def test_a_running_worker_is_reported(living_worker):
    assert problems("queue.worker") == []
    assert "1 worker is running (on web1)." in [finding.sentence for finding in findings("queue.worker")]


def test_a_worker_that_has_fallen_silent_is_found(living_worker, make_log):
    make_log()
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    [sentence] = problems("queue.worker")
    assert sentence.startswith("No worker has run since ")


def test_a_worker_that_was_stopped_is_found(make_log):
    make_log()
    assert problems("queue.worker") == ["No worker is running."]


def test_an_installation_that_was_never_used_needs_no_worker_yet():
    assert problems("queue.worker") == []
    assert notes("queue.worker") == ["No worker is running, and none has run yet."]


def test_a_task_that_has_waited_for_long_is_found(settings, monkeypatch):
    settings.REDIS_URL = ""
    now = timezone.now()
    OrmQ.objects.create(key="smsadmin", payload="x", lock=now - timedelta(minutes=20))
    monkeypatch.setattr("smsadmin.doctor.queue.get_broker", lambda: OrmQueue)
    [sentence] = problems("queue.waiting")
    assert sentence == "The oldest of 1 task has been waiting for 20 minutes."


class OrmQueue:
    @staticmethod
    def queue_size():
        return OrmQ.objects.count()


def test_a_queue_that_cannot_be_reached_is_found(monkeypatch):
    def fail():
        raise health.Failing("Redis, which holds the queue, is not responding.")

    monkeypatch.setattr(health, "oldest_waiting", fail)
    assert problems("queue.waiting") == ["Redis, which holds the queue, is not responding."]


def test_a_task_that_was_signed_with_another_secret_is_found(settings):
    settings.REDIS_URL = ""
    now = timezone.now()
    OrmQ.objects.create(key="smsadmin", payload=SignedPackage.dumps({"id": "1"}), lock=now)
    assert findings("queue.strangers") == []
    OrmQ.objects.create(key="smsadmin", payload="signed:otherwise", lock=now)
    assert problems("queue.strangers") == [
        "1 task in the queue was signed with another SECRET_KEY: workers drop tasks they can't read."
    ]


class SharedRedis(dict):
    """A fake Redis: its lists and values by key, with the commands that read them."""

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        pass

    def lrange(self, key, first, last):
        return self.get(key, [])[first : last + 1]

    def llen(self, key):
        return len(self[key.decode()])

    def scan_iter(self, match, count):
        return [key.encode() for key in self if fnmatch(key, match)]


@pytest.fixture
def shared_redis(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis = SharedRedis({"celery": ["another program's"]})
    monkeypatch.setattr(health, "redis_client", lambda: redis)
    return redis


def test_our_own_queue_is_not_reported(shared_redis):
    shared_redis[installation.queue_key()] = [SignedPackage.dumps({"id": "1"})]
    assert findings("queue.strangers") == []


def test_another_installation_on_the_same_redis_is_reported(shared_redis):
    shared_redis["django_q:smsadmin-77:q"] = ["a", "b"]
    shared_redis["django_q:smsadmin-77:cluster:1"] = "figures"
    assert notes("queue.strangers") == [
        "Another program or installation uses this Redis. Its queue smsadmin-77 has 2 tasks and 1 worker."
    ]


def test_leftovers_of_an_older_version_are_reported(shared_redis):
    shared_redis["django_q:smsadmin:q"] = ["a"]
    assert notes("queue.strangers") == ["A version before 1.0.0 left 1 task in the queue smsadmin."]


def test_a_worker_of_an_older_version_is_found(shared_redis):
    shared_redis["django_q:smsadmin:cluster:1"] = "figures"
    assert "A worker from before version 1.0.0" in problems("queue.strangers")[0]


def test_foreign_tasks_in_redis_are_found(shared_redis):
    shared_redis[installation.queue_key()] = ["signed:otherwise"]
    assert len(problems("queue.strangers")) == 1


def test_an_unreachable_redis_is_one_finding(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert problems("queue.strangers") == ["Redis is not responding (ConnectionError)."]


def test_missing_and_changed_schedules_are_found_and_repaired():
    Schedule.objects.filter(name="Clean up").delete()
    Schedule.objects.filter(name="Recount finished blasts").update(minutes=99)
    assert problems("queue.schedules") == [
        "2 recurring tasks are missing or changed: Recount finished blasts, Clean up."
    ]
    assert mend("queue.schedules") == ["2 recurring tasks restored."]
    assert problems("queue.schedules") == []
    assert schedules.find_broken() == []


def test_a_schedule_that_runs_nothing_is_found():
    Schedule.objects.create(name="Old", func="messaging.tasks.gone", schedule_type=Schedule.DAILY)
    assert problems("queue.schedules") == ["The recurring task Old runs messaging.tasks.gone, which does not exist."]


def test_recurring_tasks_that_do_not_run_are_found(living_worker):
    Schedule.objects.filter(name="Clean up").update(next_run=timezone.now() - timedelta(hours=1))
    Schedule.objects.exclude(name="Clean up").update(next_run=timezone.now() + timedelta(minutes=1))
    assert problems("queue.schedules") == ["1 recurring task should have run by now, although a worker is running."]


def test_a_worker_that_has_just_started_has_time_for_recurring_tasks_due_while_none_ran(living_worker):
    living_worker.started_at = timezone.now() - timedelta(seconds=3)
    living_worker.save()
    Schedule.objects.update(next_run=timezone.now() - timedelta(hours=1))
    assert problems("queue.schedules") == []


def test_failures_of_the_last_day_are_found():
    fail_task(timezone.now() - timedelta(hours=2))
    fail_task(timezone.now() - timedelta(hours=3))
    fail_task(timezone.now() - timedelta(days=2))
    assert problems("queue.failures") == ["The task messaging.tasks.recount has failed 2 times in the last day."]


def test_a_stalled_import_is_found():
    long_ago = timezone.now() - timedelta(hours=1)
    one = ContactImport.objects.create(file_name="a.csv", status="reading", updated_at=long_ago)
    ContactImport.objects.create(file_name="b.csv", status="applied", updated_at=long_ago)
    assert problems("queue.imports") == [f"1 import is stuck (import {one.pk})."]
