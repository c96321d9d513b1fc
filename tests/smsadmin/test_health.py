"""/health and /health/ready, requested like a load balancer: by IP address, over HTTP, without logging in."""

import sqlite3
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from messaging.models import MessageLog, ScheduledMessage
from smsadmin import health, installation
from smsadmin.lib.kept import Kept
from smsadmin.models import WorkerHeartbeat, WriteProbe
from smsadmin.site import SmsAdminSite
from smsadmin.version import version
from tests.processes import is_listening

CHECKS = ["database", "migrations", "writing", "worker", "queue", "pages"]


@pytest.fixture(autouse=True)
def unsaid(monkeypatch):
    """Forgets what earlier tests found and logged."""
    monkeypatch.setattr(health, "_said", {})
    for name in ("_writing", "_pages"):
        monkeypatch.setattr(health, name, Kept(0))


@pytest.fixture
def schedules(db):
    """The recurring tasks are on time, however long ago the test database was created."""
    Schedule.objects.update(next_run=timezone.now())


@pytest.fixture
def heartbeat(schedules):
    now = timezone.now()
    return WorkerHeartbeat.objects.create(host="here", pid=1, started_at=now - timedelta(hours=1), beat_at=now)


def ask(address="127.0.0.1", **headers):
    client = Client(raise_request_exception=False)
    return client.get("/health/ready", headers=headers, REMOTE_ADDR=address)


def problems(response):
    assert response.status_code == 503
    assert response.json()["status"] == "failing"
    return {name: check["problem"] for name, check in response.json()["checks"].items() if not check["ok"]}


def test_the_process_answers_without_the_database():
    response = Client().get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_the_response_is_not_cached(heartbeat, path):
    assert Client().get(path)["Cache-Control"] == "no-store"


def test_everything_is_fine(heartbeat):
    response = ask()
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": version(),
        "checks": {name: {"ok": True} for name in CHECKS},
    }


def test_it_can_be_requested_by_ip_and_http_even_if_the_site_uses_https(heartbeat, settings):
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


def test_no_session_is_needed(heartbeat, admin_client, django_assert_num_queries):
    with django_assert_num_queries(0):
        admin_client.get("/health")


def test_an_unresponsive_database_is_reported_without_its_error(monkeypatch, caplog):
    def refuse():
        raise OperationalError("connection to host secret.example as user smsadmin failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = ask()
    found = problems(response)
    assert found["database"] == "The database is not responding."
    assert list(found) == CHECKS
    assert b"secret.example" not in response.content
    assert "secret.example" not in caplog.text


def test_a_lasting_failure_is_logged_when_it_starts_and_ends(heartbeat, caplog):
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    ask()
    ask()
    WorkerHeartbeat.objects.update(beat_at=timezone.now())
    ask()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "No worker has been running" in said[0]
    assert "passes again" in said[1]


def test_a_pending_migration_is_found(heartbeat):
    MigrationRecorder(connection).record_unapplied("smsadmin", "0002_installation_and_write_probe")
    assert problems(ask()) == {
        "migrations": "1 migration is not applied. Run: manage.py dbdoctor --apply.",
        "writing": "Not checked: the tables are wrong.",
    }


def test_a_migration_of_a_newer_version_is_no_problem_of_this_check(heartbeat):
    MigrationRecorder(connection).record_applied("smsadmin", "9999_of_tomorrow")
    assert ask().status_code == 200


def test_a_silent_worker_is_found(heartbeat):
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    assert problems(ask()) == {
        "worker": "No worker has been running for 3 minutes. Start one with: manage.py worker."
    }


def test_a_missing_worker_is_found(schedules):
    assert list(problems(ask())) == ["worker"]


def test_one_running_worker_is_enough(heartbeat):
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
    assert "has been waiting for 10 minutes" in problems(ask())["queue"]


@pytest.fixture
def queue_in_redis(heartbeat, settings, monkeypatch):
    """A separate queue, named as in a new installation."""
    redis = pytest.importorskip("redis")
    if not is_listening(6379):
        pytest.skip("Redis is not running on 127.0.0.1:6379")
    settings.REDIS_URL = "redis://127.0.0.1:6379/15"
    installation._token.cache_clear()
    key = installation.queue_key()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield SimpleNamespace(push=lambda package: client.lpush(key, package))
        client.delete(key)
    installation._token.cache_clear()


def test_a_task_that_waits_for_long_in_redis_is_found(queue_in_redis):
    queue_in_redis.push(SignedPackage.dumps({"started": timezone.now() - timedelta(minutes=1)}))
    assert ask().status_code == 200
    queue_in_redis.push(SignedPackage.dumps({"started": timezone.now() - timedelta(minutes=10)}))
    assert "has been waiting for 10 minutes" in problems(ask())["queue"]


def test_a_task_that_was_signed_with_another_secret_is_found(queue_in_redis):
    queue_in_redis.push("signed:otherwise")
    assert "another SECRET_KEY" in problems(ask())["queue"]


def test_an_unresponsive_redis_is_found(heartbeat, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert problems(ask()) == {"queue": "Redis, which holds the queue, is not responding."}


@pytest.fixture
def blast(heartbeat):
    log = MessageLog.objects.create(message_body="Hi", target="community", status=MessageLog.Status.PROCESSING)
    MessageLog.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    return log


def test_a_blast_that_nobody_sends_is_found(blast):
    assert "no worker is sending it" in problems(ask())["queue"]


def test_a_running_or_paused_blast_is_fine(blast):
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


def test_a_worker_that_has_just_started_has_time_for_what_became_due_while_none_ran(heartbeat):
    heartbeat.started_at = timezone.now() - timedelta(seconds=3)
    heartbeat.save()
    Schedule.objects.update(next_run=timezone.now() - timedelta(hours=1))
    assert ask().status_code == 200


def test_a_check_that_crashes_is_reported(heartbeat, monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(health, "oldest_waiting", fail)
    assert problems(ask()) == {"queue": "This could not be checked. Run: manage.py dbdoctor --doctor."}


def test_a_missing_sqlite_file_is_reported_and_not_recreated(heartbeat, monkeypatch, tmp_path):
    gone = tmp_path / "sms.db"
    monkeypatch.setattr(health, "sqlite_path", lambda: gone)
    assert problems(ask())["database"] == "The database file is gone. Run: manage.py dbdoctor --doctor."
    assert not gone.exists()


# Who sees what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "10.2.3.4", "192.168.1.9", "::1", "fd00::7"])
def test_the_machine_and_its_network_are_told_which_check_fails(schedules, address):
    assert "No worker" in problems(ask(address))["worker"]


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9", ""])
def test_a_stranger_only_gets_the_status(schedules, address):
    response = ask(address)
    assert (response.status_code, response.json()) == (503, {"status": "failing"})


def test_clients_behind_the_proxy_are_identified_by_their_own_address(heartbeat, settings):
    settings.TRUSTED_PROXIES = [health.INSIDE[0]]
    assert ask(x_forwarded_for="203.0.113.9").json() == {"status": "ok"}
    assert "checks" in ask(x_forwarded_for="10.0.0.9").json()


# Whether the database takes writes ----------------------------------------------------------------------------


def test_a_database_that_takes_no_writes_is_not_ready(heartbeat):
    is_sqlite = connection.vendor == "sqlite"
    connection.connection.execute("PRAGMA query_only = ON" if is_sqlite else "SET LOCAL transaction_read_only = on")
    try:
        assert list(found := problems(ask())) == ["writing"]
        assert found["writing"].startswith("The database is read-only, so nothing can be stored.")
    finally:
        if is_sqlite:
            connection.connection.execute("PRAGMA query_only = OFF")


def fill_up():
    """SQLite's error for a full disk, as raised by Django."""
    with sqlite3.connect(":memory:") as database:
        database.execute("PRAGMA max_page_count = 2")
        try:
            database.execute("CREATE TABLE things AS SELECT randomblob(100000)")
        except sqlite3.OperationalError as full:
            raise OperationalError(*full.args) from full


def fail_strangely():
    raise DatabaseError("row 17 of secret")


@pytest.mark.parametrize(
    ("fail", "sentence"),
    [
        (fill_up, health.FULL),
        (fail_strangely, "The database is not writable, so nothing can be stored. Run: manage.py dbdoctor --doctor."),
    ],
)
def test_a_failed_write_is_reported_with_its_reason(heartbeat, monkeypatch, fail, sentence):
    monkeypatch.setattr(health, "_write", lambda now: fail())
    assert problems(ask()) == {"writing": sentence}


def test_a_write_that_waits_for_a_lock_is_abandoned(heartbeat, monkeypatch):
    def wait(now):
        raise health.time_limits.TookTooLong

    monkeypatch.setattr(health, "_write", wait)
    assert "for 3 seconds: nothing can be stored" in problems(ask())["writing"]


@pytest.fixture
def file_of_its_own(monkeypatch, tmp_path):
    path = tmp_path / "sms.db"
    path.touch()
    monkeypatch.setattr(health, "sqlite_path", lambda: path)


def test_a_full_disk_is_found_while_one_row_still_fits(heartbeat, file_of_its_own, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1_000_000))
    assert problems(ask()) == {"writing": health.FULL}


def test_a_read_only_disk_is_found(heartbeat, file_of_its_own, monkeypatch):
    monkeypatch.setattr(health.os, "statvfs", lambda folder: SimpleNamespace(f_flag=health.os.ST_RDONLY))
    assert problems(ask()) == {"writing": health.READ_ONLY}


def test_the_same_row_is_written_each_time(heartbeat):
    ask()
    first = WriteProbe.objects.get()
    ask()
    assert WriteProbe.objects.get().written_at > first.written_at


def test_a_process_only_writes_occasionally_however_often_it_is_asked(heartbeat, monkeypatch):
    monkeypatch.setattr(health, "_writing", Kept(60))
    ask()
    first = WriteProbe.objects.get()
    ask()
    assert WriteProbe.objects.get().written_at == first.written_at


def test_no_thread_waits_long_while_another_waits_for_the_database(heartbeat, monkeypatch):
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.5)
    with health._writing._lock:
        assert "took too long" in problems(ask())["writing"]


# Whether pages can be shown -----------------------------------------------------------------------------------


def test_a_site_whose_pages_fail_is_not_ready(heartbeat, monkeypatch):
    def fail(self, request):
        raise ZeroDivisionError

    monkeypatch.setattr(SmsAdminSite, "each_context", fail)
    assert problems(ask()) == {"pages": "Pages fail: the sign-in page returns 500. The web server's log says why."}


def test_static_files_that_were_not_collected_are_found(heartbeat, monkeypatch):
    monkeypatch.setattr(health, "find_uncollected", lambda: ["base.css"])
    assert "collectstatic" in problems(ask())["pages"]


def test_a_lost_table_is_found(heartbeat):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE django_session")
    found = problems(ask())
    assert found["migrations"] == "The database has lost its table django_session. Run: manage.py dbdoctor --doctor."
    assert "returns 500" in found["pages"]


def test_the_login_page_is_asked_for_by_a_name_that_the_site_answers_to(heartbeat, settings):
    for hosts in (["sms.example.org"], ["*"], [".example.org"]):
        settings.ALLOWED_HOSTS = hosts
        assert ask().status_code == 200
