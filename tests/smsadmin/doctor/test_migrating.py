import fcntl
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from smsadmin.backups.contents import BackupFailed
from smsadmin.doctor import migrating
from smsadmin.lib.locks import AdvisoryLock
from tests.processes import Installation, postgres_database, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    """An installation with its own processes and no database yet."""
    if request.param == "sqlite":
        site = Installation(tmp_path, BACKUP_DIR=str(tmp_path / "backups"))
        yield site
        site.stop_all()
        return
    with postgres_database(is_empty=True) as url:
        site = Installation(tmp_path, url)
        yield site
        site.stop_all()


@pytest.fixture
def one_waits(monkeypatch):
    """Makes one migration look pending until migrate is called."""
    waiting = [migrating.Step("messaging", "0999_next", None, is_applied=False, is_known=True)]
    monkeypatch.setattr(migrating, "pending", lambda: list(waiting))
    monkeypatch.setattr(migrating, "call_command", lambda *args, **options: waiting.clear())
    return waiting


def test_without_pending_migrations_nothing_is_applied(capsys):
    call_command("dbdoctor", "--apply")
    assert capsys.readouterr().out == "Nothing to apply: the database is up to date.\n"


def test_a_quiet_start_prints_nothing(capsys):
    call_command("dbdoctor", "--apply", verbosity=0)
    assert capsys.readouterr().out == ""


def test_pending_migrations_are_applied(one_waits, capsys):
    call_command("dbdoctor", "--apply", verbosity=2)
    assert "1 migration was applied.\n  messaging.0999_next\n" in capsys.readouterr().out


def test_a_migration_that_fails_is_named_with_the_backup(one_waits, monkeypatch):
    def fail(*args, **options):
        raise migrating.DatabaseError("no such column: x\nDETAIL: Key (phone)=(+17205550123)")

    monkeypatch.setattr(migrating, "call_command", fail)
    monkeypatch.setattr(migrating, "sqlite_path", lambda: None)
    with pytest.raises(CommandError) as caught:
        call_command("dbdoctor", "--apply")
    assert str(caught.value) == (
        "messaging.0999_next could not be applied: no such column: x. Migrations applied before it stay in place."
    )


def test_without_a_backup_nothing_is_applied(one_waits, monkeypatch, tmp_path):
    def fail(*args):
        raise BackupFailed("There is no room left.")

    monkeypatch.setattr(migrating.backup_files, "back_up", fail)
    monkeypatch.setattr(migrating, "sqlite_path", lambda: tmp_path / "sms.db")
    monkeypatch.setattr(migrating.connection, "vendor", "sqlite")
    monkeypatch.setattr(migrating.connection, "is_in_memory_db", lambda: False, raising=False)
    with pytest.raises(CommandError) as caught:
        call_command("dbdoctor", "--apply")
    assert str(caught.value) == "Nothing was applied because no backup could be made. There is no room left."
    assert one_waits


@pytest.fixture
def too_old(db):
    """The database lacks the last of the migrations that were squashed into today's initial ones."""
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("messaging", "0009_read_by_staff")


@pytest.mark.parametrize("command", [("migrate",), ("dbdoctor", "--apply"), ("dbdoctor", "--print")])
def test_a_database_from_before_the_squashed_migrations_is_told_what_to_do(too_old, command):
    with pytest.raises(CommandError, match=r"The database is too old .* Check out commit ad93590"):
        call_command(*command)


def test_dbdoctor_says_how_to_upgrade_a_database_that_is_too_old(too_old):
    [finding] = migrating.find_migration_trouble()
    assert "ad93590" in finding.remedy


@pytest.mark.slow
def test_a_database_at_the_last_combined_migration_continues(site):
    """It has recorded the old migrations, but not today's, which has another name."""
    for app, name in (("contacts", "0002"), ("surveys", "0001"), ("smsadmin", "0001")):
        site.run("migrate", app, name)
    site.run("migrate", "messaging", "0001")
    site.query("DELETE FROM django_migrations WHERE app = 'smsadmin' AND name = '0001_initial'")
    site.query(
        "INSERT INTO message_logs (created_at, message_body, target, status, total_recipients, success_count, "
        "failure_count, token, audience_name, test_mode, stop_reason, trouble) VALUES "
        "('2026-11-01 10:00:00+00:00', 'Hi', 'community', 'sent', 0, 0, 0, "
        "'00000000000040008000000000000001', '', FALSE, '', '')"
    )
    assert "migrations were applied." in site.run("dbdoctor", "--apply").stdout
    assert site.query("SELECT message_body, family FROM message_logs") == [("Hi", None)]
    assert "All " in site.run("dbdoctor", "--doctor", check=False).stdout


@pytest.mark.slow
def test_of_two_that_apply_at_once_one_works_and_the_other_finds_nothing_to_do(site):
    first = site.start("manage.py", "dbdoctor", "--apply")
    second = site.start("manage.py", "dbdoctor", "--apply")
    wait_until(lambda: first.poll() is not None and second.poll() is not None, 120, "both to end")
    assert (first.returncode, second.returncode) == (0, 0)
    said = site.log.read_text()
    assert said.count("migrations were applied.") == 1
    assert said.count("Nothing to apply") == 1
    assert said.count(migrating.WAITING) <= 1
    assert site.query("SELECT count(*) FROM django_migrations") == [
        site.query("SELECT count(*) FROM (SELECT DISTINCT app, name FROM django_migrations) AS different")[0]
    ]
    assert site.run("dbdoctor", "--doctor").returncode == 0


@pytest.mark.slow
def test_a_second_process_waits_and_says_so(site):
    with held_lock(site):
        waiting = site.start("manage.py", "dbdoctor", "--apply")
        wait_until(lambda: migrating.WAITING in site.log.read_text(), 60, "the second to wait")
        assert waiting.poll() is None
    wait_until(lambda: waiting.poll() is not None, 120, "the second to go on")
    assert waiting.returncode == 0


@contextmanager
def held_lock(site):
    """Holds the lock like another process that is applying migrations."""
    if site.database_url.startswith("sqlite"):
        with (site.folder / "sms.db-migrating").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with psycopg.connect(site.database_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.MIGRATIONS])
        yield


@pytest.mark.slow
def test_a_file_with_data_is_backed_up_before_it_is_changed(tmp_path):
    site = Installation(tmp_path, BACKUP_DIR=str(tmp_path / "backups"))
    assert "backup" not in site.run("dbdoctor", "--apply").stdout
    assert not (tmp_path / "backups").exists()
    site.run("migrate", "messaging", "0001")
    said = site.run("dbdoctor", "--apply").stdout
    [backup] = (tmp_path / "backups").iterdir()
    assert f"The previous database is in {backup}." in said
    assert "was applied." in said or "were applied." in said
