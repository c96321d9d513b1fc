"""/health and /health/ready, asked as a load balancer does: by an address, by http, by nobody in particular."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from messaging.models import MessageLog, ScheduledMessage
from smsadmin import health
from smsadmin.models import WorkerHeartbeat
from tests.processes import is_listening


@pytest.fixture(autouse=True)
def unsaid(monkeypatch):
    monkeypatch.setattr(health, "_said", {})


@pytest.fixture
def schedules(db):
    """The recurring tasks are started in time, however long ago the test database was made."""
    Schedule.objects.update(next_run=timezone.now())


@pytest.fixture
def heartbeat(schedules):
    now = timezone.now()
    return WorkerHeartbeat.objects.create(host="here", pid=1, started_at=now, beat_at=now)


def ask(**headers):
    return Client().get("/health/ready", headers=headers)


def problems(response):
    assert response.status_code == 503
    assert response.json()["status"] == "failing"
    return {name: check["problem"] for name, check in response.json()["checks"].items() if not check["ok"]}


def test_the_process_answers_without_the_database():
    response = Client().get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_the_answer_is_not_kept_by_caches(heartbeat, path):
    assert Client().get(path)["Cache-Control"] == "no-store"


def test_all_is_well(heartbeat):
    response = ask()
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {name: {"ok": True} for name in ("database", "migrations", "worker", "queue")},
    }


def test_it_can_be_asked_by_address_and_by_http_where_the_site_is_public_by_https(heartbeat, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["sms.example.org"]
    assert ask(host="10.0.0.7:8000").status_code == 200
    assert Client().get("/health", headers={"host": "10.0.0.7"}).status_code == 200


def test_a_head_request_has_the_same_status(heartbeat):
    assert Client().head("/health").status_code == 200
    assert Client().head("/health/ready").status_code == 200
    WorkerHeartbeat.objects.all().delete()
    assert Client().head("/health/ready").status_code == 503


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_other_methods_are_refused(path):
    assert Client().post(path).status_code == 405


def test_a_session_is_not_asked_for(heartbeat, admin_client, django_assert_num_queries):
    with django_assert_num_queries(0):
        admin_client.get("/health")


def test_a_database_that_does_not_answer_is_said_without_its_error(monkeypatch, caplog):
    def refuse():
        raise OperationalError("connection to host secret.example as user smsadmin failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(health, "_in_bounded_time", health.transaction.atomic)
    monkeypatch.setattr(connection, "ensure_connection", refuse)
    response = ask()
    found = problems(response)
    assert found["database"] == "The database does not answer."
    assert set(found) == {"database", "migrations", "worker", "queue"}
    assert b"secret.example" not in response.content
    assert "secret.example" not in caplog.text


def test_a_lasting_failure_is_logged_at_its_beginning_and_its_end(heartbeat, caplog):
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    ask()
    ask()
    WorkerHeartbeat.objects.update(beat_at=timezone.now())
    ask()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "sign of life" in said[0]
    assert "passes again" in said[1]


def test_a_pending_migration_is_found(heartbeat):
    MigrationRecorder(connection).record_unapplied("smsadmin", "0001_worker_heartbeats")
    assert problems(ask()) == {
        "migrations": "1 migration is not applied to the database. Run: manage.py dbdoctor --apply."
    }


def test_a_migration_of_a_newer_version_is_no_problem_of_this_check(heartbeat):
    MigrationRecorder(connection).record_applied("smsadmin", "9999_of_tomorrow")
    assert ask().status_code == 200


def test_a_silent_worker_is_found(heartbeat):
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    assert problems(ask()) == {
        "worker": "No worker has given a sign of life for 3 minutes. Start it with: manage.py worker."
    }


def test_a_missing_worker_is_found(schedules):
    assert list(problems(ask())) == ["worker"]


def test_one_living_worker_is_enough(heartbeat):
    now = timezone.now()
    WorkerHeartbeat.objects.create(host="there", pid=2, started_at=now, beat_at=now - timedelta(hours=1))
    assert ask().status_code == 200


def test_a_task_that_waits_for_long_is_found(heartbeat, settings):
    settings.REDIS_URL = ""
    now = timezone.now()
    OrmQ.objects.create(key="smsadmin", payload="", lock=now + timedelta(minutes=16))
    OrmQ.objects.create(key="smsadmin", payload="", lock=now - timedelta(minutes=1))
    assert ask().status_code == 200
    OrmQ.objects.create(key="smsadmin", payload="", lock=now - timedelta(minutes=10))
    assert "has waited for 10 minutes" in problems(ask())["queue"]


def test_a_task_that_waits_for_long_in_redis_is_found(heartbeat, settings, monkeypatch):
    redis = pytest.importorskip("redis")
    if not is_listening(6379):
        pytest.skip("Redis is not running on 127.0.0.1:6379")
    settings.REDIS_URL = "redis://127.0.0.1:6379/15"
    monkeypatch.setattr(Conf, "CLUSTER_NAME", "of a test of health")
    key = "django_q:of a test of health:q"
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        try:
            client.rpush(key, SignedPackage.dumps({"started": timezone.now() - timedelta(minutes=1)}))
            assert ask().status_code == 200
            client.lpush(key, SignedPackage.dumps({"started": timezone.now() - timedelta(minutes=10)}))
            assert "has waited for 10 minutes" in problems(ask())["queue"]
        finally:
            client.delete(key)


def test_a_redis_that_does_not_answer_is_found(heartbeat, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert problems(ask()) == {"queue": "Redis, which holds the queue, does not answer."}


@pytest.fixture
def blast(heartbeat):
    log = MessageLog.objects.create(message_body="Hi", target="community", status=MessageLog.Status.PROCESSING)
    MessageLog.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    return log


def test_a_blast_that_nobody_sends_is_found(blast):
    assert "no worker sends it" in problems(ask())["queue"]


def test_a_blast_in_hand_or_paused_is_well(blast):
    blast.slots.create(number=1, leased_until=timezone.now())
    assert ask().status_code == 200
    blast.slots.all().delete()
    blast.pause()
    assert ask().status_code == 200


def test_a_scheduled_message_that_nobody_sends_is_found(heartbeat):
    message = ScheduledMessage.objects.create(
        message_body="Hi", target="community", scheduled_at=timezone.now() - timedelta(minutes=1)
    )
    assert ask().status_code == 200
    message.scheduled_at -= timedelta(minutes=5)
    message.save()
    assert "scheduled message is due" in problems(ask())["queue"]


def test_recurring_tasks_that_are_not_started_are_found(heartbeat):
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=10))
    assert "recurring tasks" in problems(ask())["queue"]


def test_a_check_that_breaks_is_an_answer_too(heartbeat, monkeypatch):
    def fail(now=None):
        raise ZeroDivisionError

    monkeypatch.setattr(health.heartbeat, "living", fail)
    assert problems(ask()) == {"worker": "This could not be checked. Run: manage.py dbdoctor --doctor."}


def test_a_sqlite_file_that_is_gone_is_said_and_not_made_anew(heartbeat, monkeypatch, tmp_path):
    gone = tmp_path / "sms.db"
    monkeypatch.setattr(health, "sqlite_path", lambda: gone)
    assert problems(ask())["database"] == "The file of the database is gone. Run: manage.py dbdoctor --doctor."
    assert not gone.exists()
