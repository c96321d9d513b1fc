import errno
import fcntl
import os
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from smsadmin import tasks
from smsadmin.backups import backup_files, postgres, sqlite
from smsadmin.backups.contents import BackupFailed, Damaged
from tests.smsadmin.backups.backup_files import add_member, damage, execute, members

NAMES = [f"smsadmin-2026010{day}T000000000Z.sqlite3" for day in range(1, 6)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


def test_a_backup_is_one_self_contained_database_file(database_file, folder):
    backup = backup_files.back_up(folder)
    assert [path.name for path in folder.iterdir()] == [backup.path.name]
    assert members(backup.path) == ["Ada"]
    assert execute(backup.path, "PRAGMA journal_mode") == [("delete",)]
    assert backup.size == backup.path.stat().st_size
    assert (backup.contents.members, backup.contents.blasts) == (1, 0)
    assert ("smsadmin", "0002_installation_and_write_probe") in backup.contents.migrations


def test_only_its_owner_may_read_a_backup(database_file, folder):
    backup = backup_files.back_up(folder)
    assert backup.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_consistent_while_others_write(database_file, folder):
    with closing(sqlite3.connect(database_file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM community_members")
        backup = backup_files.back_up(folder)
        writer.execute("COMMIT")
    assert members(backup.path) == ["Ada"]
    assert members(database_file) == []


def test_writers_are_not_blocked_by_a_backup(database_file, folder, monkeypatch):
    copy = sqlite._copy

    def copy_while_somebody_writes(source, target):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM community_members").fetchone()
        add_member(database_file, "Grace")
        copy(source, target)

    monkeypatch.setattr(sqlite, "_copy", copy_while_somebody_writes)
    assert backup_files.back_up(folder).contents.members == 1
    assert members(database_file) == ["Ada", "Grace"]


def test_a_backup_does_not_wait_forever_for_a_lock(database_file, folder, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    execute(database_file, "PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(database_file, isolation_level=None)) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BackupFailed, match="in use"):
            backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_the_name_contains_the_time_and_sorts(database_file, folder):
    before = datetime.now(UTC)
    first, second = backup_files.back_up(folder), backup_files.back_up(folder)
    assert backup_files.find(folder) == [first.path, second.path]
    assert abs((backup_files.taken_at(first.path) - before).total_seconds()) < 60


def test_only_old_backups_are_removed(database_file, folder):
    folder.mkdir()
    others = [
        "notes.txt",
        "sms.sqlite3",
        "smsadmin-old.sqlite3",
        "smsadmin-20260101T000000000Z.pgdump",
        "x" + NAMES[0],
    ]
    for name in [*NAMES, *others]:
        (folder / name).touch()
    (folder / "smsadmin-20250101T000000000Z.sqlite3").mkdir()
    backup = backup_files.back_up(folder, keep=3)
    assert [path.name for path in backup.removed] == NAMES[:3]
    assert backup_files.find(folder) == [*(folder / name for name in NAMES[3:]), backup.path]
    assert {path.name for path in folder.iterdir()} >= {*others, "smsadmin-20250101T000000000Z.sqlite3"}


def test_without_a_count_nothing_is_removed(database_file, folder):
    folder.mkdir()
    (folder / NAMES[0]).touch()
    backup_files.back_up(folder)
    assert (folder / NAMES[0]).exists()


@pytest.fixture
def parts(folder):
    """Two files as left by a backup that was killed an hour ago."""
    folder.mkdir()
    parts = [folder / f".{name}.part" for name in NAMES[:2]]
    for part in parts:
        part.touch()
        os.utime(part, (time.time() - 3600,) * 2)
    return parts


def test_leftovers_of_a_killed_backup_are_removed_but_not_a_running_one(database_file, folder, parts):
    killed, running = parts
    with running.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        backup_files.back_up(folder)
    assert not killed.exists()
    assert running.exists()


def test_a_failing_backup_has_freed_space_first(database_file, folder, parts):
    damage(database_file)
    with pytest.raises(Damaged):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_running_backup_is_never_considered_abandoned(database_file, folder, monkeypatch):
    inspect = sqlite.inspect

    def meanwhile(part):
        os.utime(part, (0, 0))
        monkeypatch.setattr(sqlite, "inspect", inspect)
        backup_files.back_up(folder)
        return inspect(part)

    monkeypatch.setattr(sqlite, "inspect", meanwhile)
    assert backup_files.back_up(folder).path.exists()


def test_a_damaged_database_creates_and_removes_no_backup(database_file, folder):
    old = backup_files.back_up(folder).path
    damage(database_file)
    with pytest.raises(Damaged, match="damaged"):
        backup_files.back_up(folder, keep=1)
    assert list(folder.iterdir()) == [old]


def test_another_programs_database_is_not_backed_up(database_file, folder):
    execute(database_file, "DROP TABLE community_members")
    with pytest.raises(Damaged, match="its tables are missing"):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_database_that_could_not_be_restored_is_not_backed_up(database_file, folder):
    execute(database_file, "ALTER TABLE message_logs DROP COLUMN trouble")
    with pytest.raises(BackupFailed, match=r"could not be restored\. Its table message_logs has no column trouble"):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_backup_contains_a_checksum_of_all_its_bytes(database_file, folder):
    path = backup_files.back_up(folder).path
    assert sqlite.inspect(path).is_sealed
    content = path.read_bytes()
    for at in range(100, len(content), len(content) // 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(Damaged):
            sqlite.inspect(path)


def test_a_missing_database_is_reported(database_file, folder):
    database_file.unlink()
    with pytest.raises(BackupFailed, match="There is no database at"):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space"), "the disk is full"),
        (OSError(errno.EACCES, "Permission"), "can't write there"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_a_failing_disk_is_reported_and_leaves_nothing_behind(database_file, folder, monkeypatch, error, sentence):
    def fail(path):
        raise error

    monkeypatch.setattr(backup_files, "sync", fail)
    with pytest.raises(BackupFailed, match=sentence):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_disk_that_sqlite_finds_full_is_reported(database_file, folder, monkeypatch):
    class Full(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(*_):
        raise Full

    monkeypatch.setattr(sqlite, "_copy", fail)
    with pytest.raises(BackupFailed, match="The disk is full"):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_reported(database_file, folder):
    folder.touch()
    with pytest.raises(BackupFailed, match="not a folder"):
        backup_files.back_up(folder)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite is not the database in use")
def test_a_database_in_memory_cannot_be_backed_up(db, folder):
    with pytest.raises(BackupFailed, match="in memory"):
        backup_files.back_up(folder)


def test_the_command_says_what_it_wrote(database_file, folder, settings, capsys):
    settings.BACKUP_DIR = folder
    call_command("backup")
    call_command("backup", "--keep", "1")
    [path] = backup_files.find(folder)
    assert f"Wrote and checked {path}" in capsys.readouterr().out
    call_command("backup", folder / "other")
    said = capsys.readouterr().out
    assert said.startswith(f"Wrote and checked {folder / 'other'}/smsadmin-")
    assert said.endswith(": 1 person and 0 blasts.\n")


def test_the_command_keeps_as_many_as_the_settings_say(database_file, folder, settings, capsys):
    settings.BACKUP_DIR, settings.BACKUP_KEEP = folder, 2
    for _ in range(4):
        call_command("backup")
    assert len(backup_files.find(folder)) == 2
    assert "Removed 1 old backup." in capsys.readouterr().out


def test_the_command_fails_with_a_sentence(database_file, folder):
    folder.touch()
    with pytest.raises(CommandError, match="not a folder") as failed:
        call_command("backup", folder)
    assert failed.value.returncode == 1
    with pytest.raises(CommandError, match="1 or more"):
        call_command("backup", folder, "--keep", "0")


def test_the_worker_backs_up_each_day_unless_told_not_to(database_file, folder, settings):
    settings.BACKUP_DIR, settings.BACKUP_KEEP, settings.BACKUP_DAILY = folder, 2, False
    tasks.back_up()
    assert not folder.exists()
    settings.BACKUP_DAILY = True
    tasks.back_up()
    assert len(backup_files.find(folder)) == 1


on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL is not the database in use")
with_pg_dump = pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed")


@on_postgres
@with_pg_dump
@pytest.mark.django_db(transaction=True)
def test_a_backup_of_postgres_holds_what_is_committed(make_member, folder, monkeypatch):
    make_member()
    make_member()
    commands = []
    run = postgres.subprocess.run
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", r"sec:ret\word")
    monkeypatch.setattr(
        postgres.subprocess,
        "run",
        lambda command, **kwargs: commands.append(command) or run(command, **kwargs),
    )
    backup = backup_files.back_up(folder)
    assert backup.path.suffix == ".pgdump"
    assert (backup.contents.members, backup.contents.blasts) == (2, 0)
    assert not backup.contents.unknown
    assert backup.contents.missing == 0
    assert backup.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [backup.path.name]
    assert len(commands) >= 2
    assert "sec" not in repr(commands)


@on_postgres
@with_pg_dump
@pytest.mark.django_db(transaction=True)
def test_a_cut_off_dump_is_damaged(folder):
    backup = backup_files.back_up(folder)
    content = backup.path.read_bytes()
    backup.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Damaged):
        postgres.inspect(backup.path)


@on_postgres
def test_a_missing_pg_dump_is_reported(db, folder, monkeypatch):
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    with pytest.raises(BackupFailed, match="pg_dump is not installed"):
        backup_files.back_up(folder)
    assert list(folder.iterdir()) == []


@on_postgres
def test_a_pg_dump_older_than_the_server_is_reported(db, folder, monkeypatch):
    monkeypatch.setattr(postgres.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(postgres, "_run", lambda *_: "pg_dump (PostgreSQL) 9.6.24")
    with pytest.raises(BackupFailed, match="pg_dump has version 9, but the server has version"):
        backup_files.back_up(folder)
