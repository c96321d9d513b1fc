import fcntl
import io
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from contacts.models import CommunityMember
from messaging.models import Delivery
from smsadmin.backups import backup_files, postgres, restoring, sqlite
from smsadmin.backups.contents import BackupFailed
from smsadmin.models import WorkerHeartbeat
from smsadmin.worker import heartbeat
from tests.smsadmin.backups.backup_files import add_member, damage, execute, members, unseal


@pytest.fixture
def folder(tmp_path, settings):
    settings.BACKUP_DIR = tmp_path / "backups"
    return settings.BACKUP_DIR


@pytest.fixture
def backup(db, database_file, folder):
    """A backup that contains Ada, of a database that now also contains Grace."""
    path = backup_files.back_up(folder).path
    add_member(database_file, "Grace")
    return path


def test_the_backup_replaces_the_current_database_which_is_kept(database_file, backup, folder):
    restored = restoring.restore(backup, folder)
    assert members(database_file) == ["Ada"]
    assert members(restored.kept) == ["Ada", "Grace"]
    assert members(backup) == ["Ada"]
    assert execute(database_file, "PRAGMA integrity_check") == [("ok",)]
    assert execute(database_file, "PRAGMA journal_mode") == [("wal",)]
    assert sorted(folder.iterdir()) == [backup, restored.kept]
    assert {path.name for path in database_file.parent.iterdir()} <= {"sms.db", "sms.db-wal", "sms.db-shm"}


def test_an_open_connection_keeps_working_and_sees_the_restored_data(database_file, backup, folder):
    with closing(sqlite3.connect(database_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM community_members").fetchone() == (2,)
        restoring.restore(backup, folder)
        assert reader.execute("SELECT count(*) FROM community_members").fetchone() == (2,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM community_members").fetchone() == (1,)


def test_a_failure_midway_leaves_the_current_database_unchanged(
    database_file,
    backup,
    folder,
    monkeypatch,
):
    monkeypatch.setattr(restoring, "_hold_back", lambda *_: ["DELETE FROM community_members", "nonsense"])
    with pytest.raises(BackupFailed, match="nonsense"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]
    assert {path.name for path in database_file.parent.iterdir()} <= {"sms.db", "sms.db-wal", "sms.db-shm"}


def test_leftovers_of_a_killed_restore_are_removed(database_file, backup, folder):
    left = database_file.with_name(".sms.db.restoring")
    for name in (left.name, f"{left.name}-journal"):
        left.with_name(name).write_bytes(b"half of something" * 1000)
    restoring.restore(backup, folder)
    assert members(database_file) == ["Ada"]
    assert {path.name for path in database_file.parent.iterdir()} <= {"sms.db", "sms.db-wal", "sms.db-shm"}


def test_nobody_else_can_read_a_database_that_is_being_restored(database_file, backup, folder, monkeypatch):
    work, modes = database_file.with_name(".sms.db.restoring"), []
    work.touch(mode=0o644)
    copy = shutil.copyfileobj

    def look(*files):
        modes.append(work.stat().st_mode & 0o777)
        copy(*files)

    monkeypatch.setattr(shutil, "copyfileobj", look)
    restoring.restore(backup, folder)
    assert modes == [0o600]


def test_two_restores_do_not_interfere(database_file, backup, folder):
    with database_file.with_name(".sms.db.restoring").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BackupFailed, match="Another restore"):
            restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def test_a_database_in_constant_use_is_left_alone(database_file, backup, folder, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(database_file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackupFailed, match="in use"):
            restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def test_a_damaged_database_is_set_aside(database_file, backup, folder):
    execute(database_file, "PRAGMA wal_checkpoint(TRUNCATE)")
    database_file.write_bytes(b"overwritten" * 1000)
    restored = restoring.restore(backup, folder)
    assert members(database_file) == ["Ada"]
    assert restored.kept.name.startswith("sms.db.damaged-")
    assert restored.kept.read_bytes() == b"overwritten" * 1000
    assert database_file.stat().st_mode & 0o777 == 0o600


def test_the_log_of_a_database_that_is_set_aside_goes_with_it(database_file, backup, tmp_path):
    log = database_file.with_name("sms.db-wal")
    log.write_bytes(b"what was written last")
    sqlite.restore(backup, [], tmp_path / "aside")
    assert not log.exists()
    assert (tmp_path / "aside-wal").read_bytes() == b"what was written last"
    assert members(database_file) == ["Ada"]


def test_a_missing_database_is_restored(database_file, backup, folder):
    for path in database_file.parent.iterdir():
        path.unlink()
    assert restoring.restore(backup, folder).kept is None
    assert members(database_file) == ["Ada"]


def add_blast(path, status, paused_at=None, cancelled_at=None, stop_reason=""):
    columns = {
        "created_at": "2026-01-01 00:00:00",
        "message_body": "Hi",
        "target": "community",
        "status": status,
        "total_recipients": 1,
        "success_count": 0,
        "failure_count": 0,
        "delivered_count": 0,
        "segment_count": 0,
        "token": f"{status}{paused_at}{cancelled_at}",
        "audience_name": "",
        "test_mode": 0,
        "ignores_quiet_hours": 0,
        "paused_at": paused_at,
        "cancelled_at": cancelled_at,
        "stop_reason": stop_reason,
        "trouble": "",
    }
    names = [name for _, name, *_ in execute(path, "PRAGMA table_info(message_logs)") if name in columns]
    marks = ", ".join("?" * len(names))
    [(added,)] = execute(
        path,
        f"INSERT INTO message_logs ({', '.join(names)}) VALUES ({marks}) RETURNING id",  # noqa: S608 - our own words
        *(columns[name] for name in names),
    )
    return added


def test_no_blast_continues_by_itself(database_file, folder, db):
    add_blast(database_file, "processing")
    add_blast(database_file, "processing", paused_at="2026-01-01 00:00:00", stop_reason="No money.")
    add_blast(database_file, "processing", cancelled_at="2026-01-01 00:00:00")
    add_blast(database_file, "sent")
    restoring.restore(backup_files.back_up(folder).path, folder)
    running, paused, cancelled, sent = execute(
        database_file, "SELECT paused_at, stop_reason FROM message_logs ORDER BY id"
    )
    assert running[0]
    assert running[1].startswith("Restored from the backup of")
    assert paused[0] == "2026-01-01 00:00:00"
    assert paused[1].startswith("Restored from the backup of")
    assert paused[1].endswith("or you decide. No money.")
    assert cancelled == sent == (None, "")


def test_overdue_scheduled_messages_are_not_sent(database_file, folder, db):
    for scheduled_at, status in (("2026-01-01", "pending"), ("2199-01-01", "pending"), ("2026-01-01", "cancelled")):
        execute(
            database_file,
            "INSERT INTO scheduled_messages (created_at, scheduled_at, message_body, target, status, test_mode, "
            "is_selection, attempt_count) VALUES ('2026-01-01', ?, 'Hi', 'community', ?, 0, 0, 0)",
            f"{scheduled_at} 00:00:00",
            status,
        )
    restoring.restore(backup_files.back_up(folder).path, folder)
    due, later, cancelled = execute(database_file, "SELECT status, error_message FROM scheduled_messages ORDER BY id")
    assert due[0] == "failed"
    assert "schedule it again" in due[1]
    assert later == ("pending", None)
    assert cancelled == ("cancelled", None)


def add_delivery(path, status, log=None, phone="+17205550100", **columns):
    columns = {
        "message_log_id": log,
        "phone": phone,
        "status": status,
        "sid": "",
        "error_message": "",
        "skip_reason": "",
        "updated_at": "2026-01-01 00:00:00",
        "is_left": 0,
        **columns,
    }
    marks = ", ".join("?" * len(columns))
    execute(
        path,
        f"INSERT INTO deliveries ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our own words
        *columns.values(),
    )


def read_delivery(path, columns):
    [row] = execute(path, f"SELECT {columns} FROM deliveries")  # noqa: S608 - our own words
    return row


def restore_now(folder):
    restoring.restore(backup_files.back_up(folder).path, folder)


def test_a_pending_inbox_text_has_an_unknown_outcome(database_file, folder, db):
    add_delivery(database_file, "pending")
    restore_now(folder)
    assert read_delivery(database_file, "status") == ("unknown",)


@pytest.mark.parametrize("status", ["pending", "sending", "unknown"])
def test_pending_people_may_have_been_texted_until_the_restore(database_file, folder, db, status):
    log = add_blast(database_file, "processing")
    add_delivery(database_file, status, log=log, claimed_at=None if status == "pending" else "2026-01-01 00:00:00")
    before = f"{timezone.now():%F %T}"
    restore_now(folder)
    status, claimed_at, updated_at = read_delivery(database_file, "status, claimed_at, updated_at")
    assert status == "unknown"
    assert claimed_at == updated_at >= before


def test_the_restore_is_the_reason_for_the_unknown_outcome(database_file, folder, db):
    log = add_blast(database_file, "processing")
    add_delivery(database_file, "pending", log=log)
    restore_now(folder)
    assert read_delivery(database_file, "error_message")[0].startswith("Restored from the backup of")


@pytest.mark.parametrize(("status", "skip_reason"), [("failed", ""), ("undelivered", ""), ("skipped", "cancelled")])
def test_people_a_blast_missed_are_excluded_from_retries(database_file, folder, db, status, skip_reason):
    log = add_blast(database_file, "failed")
    add_delivery(database_file, status, log=log, skip_reason=skip_reason, error_message="The phone was off.")
    restore_now(folder)
    restore_now(folder)
    stayed, is_left, explanation = read_delivery(database_file, "status, is_left, error_message")
    assert (stayed, is_left) == (status, 1)
    assert explanation.count("The phone was off. Restored from the backup of") == 1
    assert explanation.count("Restored") == 1


def test_each_blast_knows_when_it_was_restored_after_all_of_its_calls(database_file, folder, db):
    log = add_blast(database_file, "processing")
    add_delivery(database_file, "pending", log=log)
    restore_now(folder)
    [(restored_at,)] = execute(database_file, "SELECT restored_at FROM message_logs")
    assert restored_at >= read_delivery(database_file, "claimed_at")[0]


def test_opted_out_people_are_skipped_and_not_unknown(database_file, folder, db):
    log = add_blast(database_file, "processing")
    add_delivery(database_file, "pending", log=log)
    execute(
        database_file,
        "INSERT INTO unsubscribed_contacts (phone, source, created_at) "
        "VALUES ('+17205550100', 'inbound', '2026-01-01')",
    )
    restore_now(folder)
    assert read_delivery(database_file, "status, skip_reason") == ("skipped", "opted_out")


def test_people_pending_in_a_canceled_blast_are_not_unknown(database_file, folder, db):
    log = add_blast(database_file, "processing", cancelled_at="2026-01-01 00:00:00")
    add_delivery(database_file, "pending", log=log)
    restore_now(folder)
    assert read_delivery(database_file, "status") == ("pending",)


def test_old_sessions_tasks_and_heartbeats_are_removed(database_file, folder, db):
    execute(database_file, "INSERT INTO django_session VALUES ('key', '', '2199-01-01 00:00:00')")
    execute(database_file, "INSERT INTO worker_heartbeats VALUES ('token', 'here', 1, '2199-01-01', '2199-01-01')")
    restoring.restore(backup_files.back_up(folder).path, folder)
    for table in ("django_session", "worker_heartbeats", "django_q_ormq"):
        assert execute(database_file, f"SELECT * FROM {table}") == []  # noqa: S608 - our own words


def test_a_backup_of_a_newer_version_is_refused(database_file, backup, folder):
    unseal(backup)
    execute(backup, "INSERT INTO django_migrations (app, name, applied) VALUES ('contacts', '9999_tomorrow', '')")
    with pytest.raises(BackupFailed, match=r"newer version .* contacts 9999_tomorrow"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def test_a_backup_of_an_older_version_can_be_restored(database_file, backup, folder):
    unseal(backup)
    execute(backup, "DELETE FROM django_migrations WHERE name = '0002_installation_and_write_probe'")
    execute(backup, "DROP TABLE installation")
    execute(backup, "DROP TABLE write_probe")
    assert restoring.check(backup).missing > 0
    restoring.restore(backup, folder)
    assert members(database_file) == ["Ada"]


def test_a_backup_from_before_the_migrations_were_combined_is_refused(database_file, backup, folder):
    unseal(backup)
    execute(backup, "DELETE FROM django_migrations WHERE name = '0009_read_by_staff'")
    with pytest.raises(BackupFailed, match=r"cannot be restored\. It was last used by .* Check out commit ad93590"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def test_a_damaged_backup_is_refused(database_file, backup, folder):
    damage(backup)
    with pytest.raises(BackupFailed, match="cannot be restored"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def zero(backup):
    """Writes zeros where SQLite doesn't look: after the rows of a page."""
    content = bytearray(backup.read_bytes())
    at = content.index(b"Ada")
    content[at : at + 3] = bytes(3)
    backup.write_bytes(content)


def orphan(backup):
    execute(
        backup,
        "INSERT INTO deliveries (message_log_id, phone, status, sid, error_message, skip_reason, updated_at, "
        "is_left) VALUES (4711, '+17205550100', 'sent', '', '', '', '2026-01-01', 0)",
    )


def drop_column(backup):
    execute(backup, "ALTER TABLE message_logs DROP COLUMN trouble")


def rename_table(backup):
    execute(backup, "ALTER TABLE consent_records RENAME TO something")


def forget_migration(backup):
    execute(backup, "DELETE FROM django_migrations WHERE app = 'contacts' AND name = '0001_initial'")


@pytest.mark.parametrize("alter", [zero, orphan, drop_column, rename_table, forget_migration])
def test_a_backup_that_was_changed_is_refused(database_file, backup, folder, alter):
    alter(backup)
    with pytest.raises(BackupFailed, match=r"cannot be restored\. It was changed or damaged after it was written"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]
    assert backup_files.find(folder) == [backup]


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (orphan, "1 row of deliveries refers to rows of message_logs that don't exist."),
        (drop_column, "Its table message_logs has no column trouble."),
        (rename_table, "Its table consent_records is missing."),
        (forget_migration, "Its list of migrations is inconsistent"),
    ],
)
def test_a_backup_without_a_checksum_is_still_checked(database_file, backup, folder, alter, sentence):
    unseal(backup)
    alter(backup)
    with pytest.raises(BackupFailed, match=f"cannot be restored. {sentence}"):
        restoring.restore(backup, folder)
    assert members(database_file) == ["Ada", "Grace"]


def test_a_backup_from_before_checksums_can_be_restored_with_a_notice(database_file, backup):
    assert "has no checksum" not in restore(backup, "--no-input")
    unseal(backup)
    assert "It has no checksum because an earlier version made it" in restore(backup, "--no-input")
    assert members(database_file) == ["Ada"]


def test_a_backup_can_be_copied_and_renamed_and_leaves_no_trace_of_its_checksum(
    database_file, backup, folder, tmp_path
):
    copy = tmp_path / "copy.db"
    shutil.copyfile(backup, copy)
    restoring.restore(copy, folder)
    assert members(database_file) == ["Ada"]
    assert execute(database_file, "SELECT 1 FROM sqlite_master WHERE name = 'backup_seal'") == []
    assert restoring.check(backup_files.back_up(folder).path).is_sealed


def test_a_damaged_database_is_kept_too_when_replaced(database_file, backup, folder):
    orphan(database_file)
    kept = restoring.restore(backup, folder).kept
    assert members(kept) == ["Ada", "Grace"]
    assert kept in backup_files.find(folder)


def last_id(path, table="deliveries"):
    found = execute(path, "SELECT seq FROM sqlite_sequence WHERE name = ?", table)
    return found[0][0] if found else 0


def give_out_id(path, pk=None):
    """The id of a new delivery."""
    add_delivery(path, "accepted", id=pk)
    return last_id(path)


def test_no_delivery_id_is_reused_after_a_restore(database_file, backup, folder):
    given = [give_out_id(database_file) for _ in range(3)]
    restoring.restore(backup, folder)
    first = give_out_id(database_file)
    assert first > max(given)
    restoring.restore(backup, folder)
    assert give_out_id(database_file) > first


def test_no_delivery_id_is_reused_if_the_old_database_is_lost(database_file, backup, folder, monkeypatch):
    later = datetime.now(UTC) + timedelta(minutes=1)
    restoring.restore(backup, folder)
    given = give_out_id(database_file)
    for path in database_file.parent.iterdir():
        path.unlink()
    monkeypatch.setattr(restoring, "datetime", SimpleNamespace(now=lambda zone: later))
    restoring.restore(backup, folder)
    assert give_out_id(database_file) > given + 1000


def test_no_delivery_id_is_reused_if_the_clock_is_wrong(database_file, backup, folder, monkeypatch):
    given = give_out_id(database_file, 7_000_000_000_000)
    restoring.restore(backup, folder)
    assert give_out_id(database_file) > given


def test_other_tables_continue_their_ids(database_file, backup, folder):
    before = last_id(database_file, "community_members")
    restoring.restore(backup, folder)
    assert last_id(database_file, "community_members") == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,phone\n", "is not a backup"),
        (b"", "is not a backup"),
        (b"PGDMP\x01\x0e", "is a backup of PostgreSQL, but the database in use is of a different kind"),
        (b"SQLite format 3\0", "cannot be restored"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_not_a_suitable_backup_is_rejected(database_file, tmp_path, content, sentence):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BackupFailed, match=sentence):
        restoring.check(path)


def restore(path, *arguments):
    said = io.StringIO()
    call_command("restore", path, *arguments, stdout=said)
    return said.getvalue()


def test_the_command_asks_first(database_file, backup, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match="Nothing was restored"):
        restore(backup)
    assert members(database_file) == ["Ada", "Grace"]
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    restore(backup)
    assert members(database_file) == ["Ada"]


def test_without_a_terminal_nothing_is_restored(database_file, backup, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="Nothing was restored"):
        restore(backup)
    assert members(database_file) == ["Ada", "Grace"]


def test_the_command_says_what_it_did_and_what_to_do_next(backup, folder):
    said = restore(backup, "--no-input")
    assert "Restored 1 person and 0 blasts." in said
    assert f"The previous database is in {backup_files.find(folder)[-1]}." in said
    assert "dbdoctor --apply" not in said


def test_an_older_backup_needs_migrating_next(backup):
    unseal(backup)
    execute(backup, "DELETE FROM django_migrations WHERE app = 'smsadmin'")
    assert "Next, run: manage.py dbdoctor --apply" in restore(backup, "--no-input")


@pytest.fixture
def worker(db):
    now = timezone.now()
    return WorkerHeartbeat.objects.create(host="here", pid=4711, started_at=now, beat_at=now)


def test_a_running_worker_prevents_a_restore(database_file, backup, worker):
    with pytest.raises(
        CommandError, match=r"A worker is running \(here, process 4711\)\. Stop it and the web server"
    ):
        restore(backup, "--no-input")
    assert members(database_file) == ["Ada", "Grace"]
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - heartbeat.SILENT_AFTER)
    restore(backup, "--no-input")
    assert members(database_file) == ["Ada"]


def test_force_restores_despite_a_running_worker(database_file, backup, worker):
    restore(backup, "--no-input", "--force")
    assert members(database_file) == ["Ada"]


def test_a_refusal_is_a_sentence(backup, tmp_path):
    with pytest.raises(CommandError, match=r"is not a backup: .*\nNothing was restored") as failed:
        restore(__file__, "--no-input")
    assert failed.value.returncode == 1


@pytest.fixture
def on_postgres(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL is not the database in use")
    if not (shutil.which("pg_dump") and shutil.which("psql")):
        pytest.skip("The client programs of PostgreSQL are not installed")


def names():
    return set(CommunityMember.objects.values_list("name", flat=True))


@pytest.fixture
def dump(on_postgres, make_member, folder):
    """A backup that contains Ada, of a database that now also contains Grace."""
    make_member(name="Ada")
    path = backup_files.back_up(folder).path
    make_member(name="Grace")
    return path


def test_a_dump_replaces_the_current_database_which_is_kept(dump, folder):
    restored = restoring.restore(dump, folder)
    assert names() == {"Ada"}
    assert restoring.check(restored.kept).members == 2
    assert sorted(folder.iterdir()) == [dump, restored.kept]


def test_newer_tables_do_not_prevent_a_restore(dump, folder):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (member_id bigint REFERENCES community_members (id))")
    restoring.restore(dump, folder)
    assert "later" not in connection.introspection.table_names()


def test_a_failure_midway_leaves_the_current_postgresql_database_unchanged(dump, folder, monkeypatch):
    monkeypatch.setattr(restoring, "_hold_back", lambda *_: ["DELETE FROM community_members", "nonsense"])
    with pytest.raises(BackupFailed, match="nonsense"):
        restoring.restore(dump, folder)
    assert names() == {"Ada", "Grace"}


def test_a_dump_that_ends_early_is_never_committed(dump):
    content = dump.read_bytes()
    dump.write_bytes(content[: len(content) * 2 // 3])
    connection.close()
    with pytest.raises(BackupFailed):
        postgres.restore(dump, [], None)
    assert names() == {"Ada", "Grace"}


def test_a_dump_that_was_changed_is_refused(dump):
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    with pytest.raises(BackupFailed, match=r"cannot be restored\. It was changed or damaged after it was written"):
        restoring.restore(dump, dump.parent)
    assert names() == {"Ada", "Grace"}


def test_a_dump_from_before_checksums_can_be_restored(dump, folder):
    content = dump.read_bytes()
    dump.write_bytes(content[: content.rindex(b"\nsmsadmin-sha256:")])
    assert not restoring.check(dump).is_sealed
    restoring.restore(dump, folder)
    assert names() == {"Ada"}


def test_a_dump_without_a_column_is_refused_and_creates_no_backup(on_postgres, make_member, folder):
    make_member(name="Ada")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE message_logs RENAME COLUMN trouble TO something")
    try:
        with pytest.raises(BackupFailed, match="Its table message_logs has no column trouble"):
            backup_files.back_up(folder)
        assert list(folder.iterdir()) == []
        kept = backup_files.back_up(folder, is_as_found=True).path
        with pytest.raises(BackupFailed, match=r"cannot be restored\. Its table message_logs has no column trouble"):
            restoring.check(kept)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE message_logs RENAME COLUMN something TO trouble")


def test_a_dump_with_orphans_is_never_committed(on_postgres, make_member, folder):
    """Even if the foreign key was lost before the dump."""
    make_member(name="Ada")
    sound = backup_files.back_up(folder).path
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'deliveries'::regclass AND contype = 'f' "
            "AND confrelid = 'message_logs'::regclass"
        )
        cursor.execute(f"ALTER TABLE deliveries DROP CONSTRAINT {cursor.fetchone()[0]}")
        cursor.execute(
            "INSERT INTO deliveries (message_log_id, phone, status, sid, error_message, skip_reason, updated_at, "
            "is_left) VALUES (4711, '+17205550100', 'sent', '', '', '', now(), false)"
        )
    unsound = backup_files.back_up(folder).path
    make_member(name="Grace")
    try:
        with pytest.raises(BackupFailed, match="restored: Rows of deliveries refer to rows of message_logs"):
            restoring.restore(unsound, folder)
        assert names() == {"Ada", "Grace"}
    finally:
        restoring.restore(sound, folder)


def test_no_id_is_reused_after_restoring_a_dump(dump, folder):
    given = Delivery.objects.create(phone="+17205550100").pk
    last_member = CommunityMember.objects.order_by("pk").last().pk
    restoring.restore(dump, folder)
    first = Delivery.objects.create(phone="+17205550100").pk
    assert first > max(given, 10**9)
    assert CommunityMember.objects.create(name="Mary", phone="+17205550142").pk > last_member
    restoring.restore(dump, folder)
    assert Delivery.objects.create(phone="+17205550100").pk > first
