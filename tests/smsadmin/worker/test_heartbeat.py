import os
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from smsadmin.models import WorkerHeartbeat
from smsadmin.worker import heartbeat


@pytest.fixture
def at(monkeypatch):
    """Seconds by which the clock has advanced."""
    moved = {"seconds": 0.0}
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: 1000 + moved["seconds"])
    return moved


@pytest.fixture
def heart(db, at):
    return heartbeat.Heart()


def test_a_heartbeat_identifies_its_worker(heart):
    heart.beat()
    row = WorkerHeartbeat.objects.get()
    assert row.pid == os.getpid()
    assert row.host
    assert heartbeat.last_beat() == row.beat_at
    assert heartbeat.living() == [row]


def test_beats_are_written_rarely_and_to_one_row(heart, at, django_assert_num_queries):
    heart.beat()
    first = WorkerHeartbeat.objects.get()
    with django_assert_num_queries(0):
        heart.beat()
    at["seconds"] += heartbeat.BEAT_SECONDS
    heart.beat()
    second = WorkerHeartbeat.objects.get()
    assert second.token == first.token
    assert second.started_at == first.started_at
    assert second.beat_at > first.beat_at


def test_a_failed_beat_is_retried_immediately(heart, monkeypatch):
    def fail(**_):
        raise OperationalError("no such luck")

    with monkeypatch.context() as broken:
        broken.setattr(WorkerHeartbeat.objects, "update_or_create", fail)
        with pytest.raises(OperationalError):
            heart.beat()
    heart.beat()
    assert WorkerHeartbeat.objects.count() == 1


def test_a_stopping_worker_deletes_its_row(heart, at):
    other = heartbeat.Heart()
    other.beat()
    heart.beat()
    heart.stop()
    assert WorkerHeartbeat.objects.count() == 1
    heart.stop()
    assert WorkerHeartbeat.objects.count() == 1


def test_a_worker_stops_without_its_database(heart, monkeypatch, caplog):
    def fail(**_):
        raise OperationalError("no such luck")

    heart.beat()
    monkeypatch.setattr(WorkerHeartbeat.objects, "filter", fail)
    heart.stop()
    assert "couldn't be deleted" in caplog.text


def test_a_silent_worker_counts_as_dead_and_is_deleted_after_a_day(heart, at):
    now = timezone.now()
    killed = WorkerHeartbeat.objects.create(host="a", pid=1, started_at=now, beat_at=now - heartbeat.SILENT_AFTER)
    assert heartbeat.living(now) == []
    assert heartbeat.last_beat() == killed.beat_at
    WorkerHeartbeat.objects.update(beat_at=now - timedelta(days=1))
    heart.beat()
    assert [row.pid for row in heartbeat.living()] == [os.getpid()]
    assert WorkerHeartbeat.objects.count() == 1


def test_without_beats_there_is_no_last_beat(db):
    assert heartbeat.last_beat() is None


def test_a_heartbeat_from_before_the_clock_was_set_back_does_not_count(db):
    now = timezone.now()
    killed = WorkerHeartbeat.objects.create(host="a", pid=1, started_at=now, beat_at=now + timedelta(hours=1))
    assert heartbeat.living(now) == []
    assert heartbeat.last_beat() is None
    WorkerHeartbeat.objects.update(beat_at=now + timedelta(seconds=3))
    assert heartbeat.living(now) == [killed]
