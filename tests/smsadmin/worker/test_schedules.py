import pydoc
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule
from django_q.scheduler import scheduler

from smsadmin.worker import schedules
from tests.processes import Installation

COUNT = "from django_q.models import Schedule; print(Schedule.objects.count())"


@pytest.mark.parametrize("recurring", schedules.RECURRING, ids=lambda recurring: recurring.task)
def test_each_recurring_task_can_be_run(db, recurring):
    pydoc.locate(recurring.task)()


def test_migrating_installs_every_recurring_task(db):
    assert {schedule.func for schedule in Schedule.objects.all()} == {item.task for item in schedules.RECURRING}


def test_installing_again_changes_nothing(db):
    schedules.install()
    before = list(Schedule.objects.order_by("pk").values())
    assert schedules.install() == 0
    assert list(Schedule.objects.order_by("pk").values()) == before


def test_a_deleted_or_changed_schedule_is_repaired(db):
    schedules.install()
    Schedule.objects.filter(func="messaging.tasks.recount").delete()
    Schedule.objects.filter(func="messaging.tasks.reconcile").update(minutes=600)
    assert schedules.install() == 2
    assert Schedule.objects.get(func="messaging.tasks.recount").minutes == 1
    assert Schedule.objects.get(func="messaging.tasks.reconcile").minutes == 1


def test_a_schedule_that_was_planned_before_the_clock_was_set_back_runs_now(db):
    schedules.install()
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=61))
    # Daily tasks are still on time.
    assert schedules.install() == sum(item.minutes < 60 for item in schedules.RECURRING)
    assert Schedule.objects.get(func="messaging.tasks.reconcile").next_run <= timezone.now()


def test_a_worker_that_starts_catches_up_on_incoming_texts(db, monkeypatch):
    schedules.install()
    Schedule.objects.update(next_run=timezone.now() + timedelta(seconds=50))
    monkeypatch.setattr(schedules, "_has_started", False)
    monkeypatch.setattr(schedules, "_repaired_at", -schedules.REPAIR_SECONDS)
    schedules.repair()
    due = Schedule.objects.filter(next_run__lte=timezone.now())
    assert [schedule.func for schedule in due] == ["messaging.tasks.catch_up_inbound"]


def test_a_worker_that_has_started_leaves_the_schedules_alone(db, monkeypatch):
    schedules.install()
    monkeypatch.setattr(schedules, "_has_started", True)
    monkeypatch.setattr(schedules, "_repaired_at", -schedules.REPAIR_SECONDS)
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=1))
    schedules.repair()
    assert not Schedule.objects.filter(next_run__lte=timezone.now()).exists()


def test_a_schedule_added_by_staff_is_left_alone(db):
    Schedule.objects.create(name="Ours", func="math.sqrt", args="4")
    schedules.install()
    assert Schedule.objects.filter(name="Ours").exists()


def test_schedules_of_earlier_versions_are_removed(db):
    Schedule.objects.create(name="Pick up unfinished blasts", func="messaging.tasks.sweep", minutes=1)
    Schedule.objects.create(name="Settle deliveries in doubt", func="messaging.tasks.reconcile", minutes=1)
    schedules.install()
    assert not Schedule.objects.filter(func="messaging.tasks.sweep").exists()
    assert Schedule.objects.get(func="messaging.tasks.reconcile").name == "Resolve unconfirmed deliveries"


def test_the_daily_backup_may_take_longer_than_other_tasks_and_is_not_started_twice(db, settings, monkeypatch):
    queued = {}
    monkeypatch.setattr("django_q.scheduler.async_task", lambda func, **options: queued.update({func: options}))
    schedules.install()
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))
    scheduler(broker=get_broker())
    seconds = queued["smsadmin.tasks.back_up"]["q_options"]["timeout"]
    assert settings.Q_CLUSTER["timeout"] < seconds < settings.Q_CLUSTER["retry"]


@pytest.mark.slow
def test_one_app_can_be_migrated_before_the_queue_has_tables(tmp_path):
    site = Installation(tmp_path)
    assert "Applying contacts.0001" in site.run("migrate", "contacts").stdout
    site.run("migrate")
    assert site.run("shell", "-v", "0", "-c", COUNT).stdout.strip() == str(len(schedules.RECURRING))
