import sqlite3
from types import SimpleNamespace

import pytest

from smsadmin import migration_state
from smsadmin.backups import backup_files
from smsadmin.doctor import checkup, copies, migrating, storage
from smsadmin.doctor.findings import Level

from .conftest import execute, findings, notes, on_postgresql, on_sqlite, problems

# Messaging's migrations.
LAST = max(name for app, name in migration_state.known() if app == "messaging")

pytestmark = pytest.mark.django_db


def test_a_healthy_file_has_no_problem(on_file):
    for name in ("file", "space", "answers", "integrity", "references"):
        assert problems(f"storage.{name}") == []


def test_a_missing_file_is_found_and_not_created(on_file):
    on_file.unlink()
    assert problems("storage.file") == [f"There is no database at {on_file}."]
    assert not on_file.exists()


def test_without_a_file_the_database_is_not_checked(on_file):
    on_file.unlink()
    found = [finding for finding, _ in checkup.examine()]
    assert {finding.check for finding in found} == {"storage.file", "storage.space", "settings.agree", "checkup"}
    assert not on_file.exists()


def test_a_missing_folder_is_found(on_file):
    on_file.unlink()
    on_file.parent.rmdir()
    [sentence] = problems("storage.file")
    assert "does not exist" in sentence
    on_file.parent.mkdir()


def test_a_file_that_cannot_be_written_is_found(on_file, monkeypatch):
    monkeypatch.setattr("smsadmin.checks.os.access", lambda path, mode: False)
    [sentence] = problems("storage.file")
    assert "cannot be written" in sentence


def test_a_network_file_system_is_found(on_file, monkeypatch):
    monkeypatch.setattr(storage, "_file_system", lambda folder: "nfs4")
    [sentence] = problems("storage.file")
    assert "network file system (nfs4)" in sentence


def test_a_full_disk_is_found(on_file, monkeypatch):
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    [sentence] = problems("storage.space")
    assert "less than a backup needs" in sentence


def test_a_journal_that_grows_is_noted(on_file, monkeypatch):
    monkeypatch.setattr(storage, "LONG_JOURNAL_BYTES", 100)
    on_file.with_name("sms.db-wal").write_bytes(b"0" * 101)
    [sentence] = notes("storage.space")
    assert "journal" in sentence


def test_a_file_that_is_no_database_is_found(on_file):
    on_file.write_bytes(b"no database, but long enough to look like one" * 100)
    [sentence] = problems("storage.answers")
    assert sentence == "The database is not responding: file is not a database."


def test_a_lock_that_is_never_given_back_is_found(on_file, monkeypatch):
    monkeypatch.setattr(storage.transaction, "atomic", lambda: storage.connection.cursor())
    holder = sqlite3.connect(on_file)
    holder.execute("BEGIN EXCLUSIVE")
    [finding] = findings("storage.answers", Level.PROBLEM)
    assert "locked" in finding.sentence
    assert "held the lock" in finding.remedy
    holder.close()


def test_another_journal_mode_is_found(on_file):
    assert problems("storage.journal") == ["The journal mode is delete, so pages wait while a blast is written."]


def test_commits_that_do_not_reach_the_disk_are_found(on_file):
    with storage.connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
    [sentence] = problems("storage.journal")
    assert "not flushed to disk" in sentence


def test_a_damaged_page_is_found(on_file):
    content = bytearray(on_file.read_bytes())
    content[4096 * 5 : 4096 * 6] = bytes(4096)
    on_file.write_bytes(bytes(content))
    [sentence] = problems("storage.integrity")
    assert sentence.startswith("The database is damaged: ")


@on_sqlite
def test_rows_that_point_nowhere_are_found(make_registration):
    registration = make_registration()
    execute("UPDATE event_registrations SET event_id = 99999999 WHERE id = %s", registration.pk)
    assert problems("storage.references") == [
        "1 row of event_registrations points to rows of events that don't exist."
    ]
    registration.delete()


@on_postgresql
def test_a_server_that_takes_no_writes_is_found():
    execute("SET LOCAL transaction_read_only = on")
    assert problems("storage.answers") == ["The database is read-only: the server may be a standby."]


@on_postgresql
def test_an_old_server_is_found(monkeypatch):
    monkeypatch.setattr(storage, "OLDEST_POSTGRESQL", 10**9)
    [sentence] = problems("storage.answers")
    assert "is too old" in sentence


@on_postgresql
def test_a_server_that_runs_out_of_connections_is_found(monkeypatch):
    monkeypatch.setattr(storage, "CONNECTIONS_SHARE", 0)
    [sentence] = problems("storage.answers")
    assert "connections are in use" in sentence


@on_postgresql
def test_commits_that_a_power_failure_loses_are_noted():
    execute("SET LOCAL synchronous_commit = off")
    [sentence] = notes("storage.answers")
    assert "texted twice" in sentence


def test_a_folder_for_backups_that_cannot_be_written_is_found(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path / "file" / "backups"
    (tmp_path / "file").touch()
    [sentence] = problems("storage.backups")
    assert sentence.startswith("Backups cannot be written to ")


def test_a_disk_without_room_for_the_next_backup_is_found(settings, tmp_path, monkeypatch):
    settings.BACKUP_DIR = tmp_path
    (tmp_path / f"smsadmin-20260101T000000000Z{backup_files.engine().suffix}").write_bytes(b"x" * 2048)
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda folder: SimpleNamespace(free=2047))
    assert problems("storage.backups")[0].startswith(f"The disk of {tmp_path} has 2.0 KB free, less than the next")
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda folder: SimpleNamespace(free=2048))
    assert not any("next backup" in sentence for sentence in problems("storage.backups"))


def test_the_age_of_the_newest_backup_is_checked(settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_DAILY = tmp_path / "backups", True
    assert notes("storage.backups") == [f"There is no backup in {tmp_path / 'backups'} yet."]
    settings.BACKUP_DIR.mkdir()
    name = f"smsadmin-20200101T000000000Z{backup_files.engine().suffix}"
    (settings.BACKUP_DIR / name).touch()
    [sentence] = problems("storage.backups")
    assert sentence.startswith(f"The newest backup in {settings.BACKUP_DIR} is ")
    settings.BACKUP_DAILY = False
    assert problems("storage.backups") == []


def test_the_database_is_described_without_its_password(monkeypatch):
    given = {"NAME": "sms", "USER": "sms", "PASSWORD": "secret", "HOST": "db.example.org", "PORT": 5433}
    monkeypatch.setattr(storage, "connection", SimpleNamespace(vendor="postgresql", settings_dict=given))
    assert "secret" not in str(storage.describe())
    assert storage.describe()["host"] == "db.example.org"


def test_a_pending_migration_is_found():
    execute("DELETE FROM django_migrations WHERE app = 'messaging' AND name = %s", LAST)
    assert problems("schema.migrations") == [f"1 migration is pending: messaging.{LAST}."]


def test_with_pending_migrations_tables_are_not_checked():
    execute("DELETE FROM django_migrations WHERE app = 'messaging' AND name = %s", LAST)
    found = [finding for finding, _ in checkup.examine()]
    assert "schema.tables" not in {finding.check for finding in found}
    assert "skipped" in found[-1].sentence


def test_a_migration_of_a_newer_version_is_found():
    execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('messaging', '0999_future', %s)",
        "2030-01-01 00:00:00",
    )
    [sentence] = problems("schema.migrations")
    assert "doesn't know: messaging.0999_future" in sentence


def test_a_history_that_contradicts_itself_is_found():
    execute("DELETE FROM django_migrations WHERE app = 'contacts' AND name = '0001_initial'")
    assert any("is inconsistent" in sentence for sentence in problems("schema.migrations"))


def test_every_migration_of_the_project_is_listed():
    steps = migrating.steps()
    assert all(step.is_applied and step.is_known for step in steps)
    assert {"accounts", "contacts", "messaging", "surveys", "django_q"} <= {step.app for step in steps}
