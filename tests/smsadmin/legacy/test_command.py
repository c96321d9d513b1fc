import csv
import errno
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contacts.models import CommunityMember
from messaging.models import Delivery, MessageLog
from smsadmin.doctor import checkup, sending
from smsadmin.doctor.findings import Level
from smsadmin.legacy import importing, reading
from smsadmin.legacy.report import Report
from smsadmin.legacy.values import OldRow
from smsadmin.models import LegacyRow

from .old_database import DEFAULTS, TABLES, Old

ADA, GRACE = "+17205550101", "+13035550102"

pytestmark = pytest.mark.django_db


def counts():
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
    }


def fill(old):
    """A row in each table."""
    old.add("users", username="ann", password_hash="pbkdf2:sha256:1000$salt$00")
    old.add("user_password_history", user_id=1, password_hash="pbkdf2:sha256:1000$salt$01")
    old.add("auth_events", username="ann", user_id=1)
    old.add("login_attempts")
    old.add("community_members", name="Ada", phone=ADA)
    old.add("community_members", name="Nobody", phone="12345")
    old.add("events")
    old.add("event_registrations", phone=ADA)
    old.add("unsubscribed_contacts", phone=GRACE)
    old.add_blast((ADA, "Ada", True, None), (GRACE, None, False, "Error 21610"))
    old.add("suppressed_contacts", phone=GRACE, source_message_log_id=1)
    old.add("survey_flows")
    old.add("keyword_automation_rules", keyword="HOURS")
    old.add("inbox_threads", phone=ADA)
    old.add("inbox_messages", phone=ADA, direction="outbound", delivery_status="delivered", message_sid="SM1")
    old.add("survey_sessions", phone=ADA)
    old.add("survey_responses", phone=ADA, answer="Cake")
    old.add("scheduled_messages", scheduled_at="2024-03-05 18:00:00", status="sent", message_log_id=1)
    old.add("schema_migrations", version="001", applied_at="then")


def test_rows_are_imported_and_reported(run, old):
    fill(old)
    said, code = run()
    assert code == 1
    assert "community_members: the phone number can't be texted (1)" in said
    assert "    2: “12345” is too short" in said
    assert "The table login_attempts (1 row): failed sign-ins only count for minutes" in said
    assert "The table schema_migrations (1 row)" in said
    assert "The column users.session_nonce: everyone signs in again." in said
    assert said.endswith("1 row was rejected: see above.")
    assert CommunityMember.objects.get().name == "Ada"


def test_each_supported_table_is_read(old, move):
    fill(old)
    report = move()
    assert set(report.counts) == {*reading.TABLES, "message_logs.details"}
    assert all(count.taken for count in report.counts.values())


def test_a_second_run_changes_nothing_and_says_so(run, old):
    fill(old)
    old.run("DELETE FROM community_members WHERE phone = '12345'")
    run()
    before = counts()
    rows = list(MessageLog.objects.values()), list(Delivery.objects.order_by("pk").values())
    said, code = run()
    assert code == 0
    assert "Nothing was changed." in said
    assert counts() == before
    assert (list(MessageLog.objects.values()), list(Delivery.objects.order_by("pk").values())) == rows


def test_a_dry_run_reports_the_same_and_writes_nothing(run, old):
    fill(old)
    before = counts()
    dry, code = run(old.path, "--dry-run")
    assert code == 1
    assert "Dry run: nothing was changed." in dry
    assert counts() == before
    wet, _ = run()
    table = wet.partition("To know:")[0].partition("--report")[0]
    assert dry.startswith(table)


def test_new_rows_are_imported_later(run, old):
    old.add("events")
    old.add("event_registrations", phone=ADA)
    run()
    old.add("event_registrations", phone=GRACE)
    said, _ = run()
    assert "1 of 3 rows was imported; 2 were already there." in said


def test_the_old_file_is_not_written_to(run, old):
    fill(old)
    before = old.path.read_bytes()
    run()
    assert old.path.read_bytes() == before


def test_the_write_ahead_log_is_read_too(run, old):
    with closing(sqlite3.connect(old.path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute(
            "INSERT INTO community_members (phone, created_at) VALUES (?, ?)", [ADA, "2024-01-01 00:00:00"]
        )
        writer.commit()
        assert run()[1] == 0
    assert CommunityMember.objects.count() == 1


def test_an_older_version_is_imported(run, older):
    older.add("community_members", phone=ADA)
    older.add("users", username="ann", password_hash="plain")
    assert run(older.path)[1] == 0
    assert CommunityMember.objects.count() == 1


def test_unknown_tables_and_columns_are_named(run, old):
    old.run('CREATE TABLE "odd ""table" (a)')
    old.run("ALTER TABLE community_members ADD COLUMN shoe_size INTEGER")
    said, _ = run()
    assert "The table odd \"table (0 rows): SMS Admin doesn't use this table." in said
    assert "The column community_members.shoe_size: SMS Admin doesn't use this column." in said


def test_a_table_without_ids_is_read_by_rowid(run, tmp_path):
    old = Old(tmp_path / "odd.db", {"community_members": "phone TEXT"})
    old.run("INSERT INTO community_members VALUES (?)", ADA)
    assert run(old.path)[1] == 0
    assert CommunityMember.objects.count() == 1
    assert "Nothing was changed." in run(old.path)[0]


def test_a_row_without_an_id_is_refused(old, tmp_path, move):
    odd = Old(tmp_path / "odd.db", {"community_members": "id, phone TEXT"})
    odd.run("INSERT INTO community_members VALUES (NULL, ?)", ADA)
    assert move(odd).of("community_members").refused == 1


def test_the_report_has_each_row_with_its_reason(run, old, tmp_path):
    fill(old)
    old.add("community_members", name="Grace", phone="(303) 555-0102")
    old.add("community_members", name="=HYPERLINK()" + "x" * 100, phone="+17205550104")
    file = tmp_path / "report.csv"
    said, _ = run(old.path, "--report", file)
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["table", "row", "outcome", "reason", "detail"]
    assert ["community_members", "2", "rejected", "the phone number can't be texted"] in [row[:4] for row in rows]
    assert [
        "community_members",
        "3",
        "fixed",
        "the phone number was converted to E.164",
        "(303) 555-0102 → +13035550102",
    ] in rows
    assert any(row[4].startswith("'=HYPERLINK") for row in rows)
    assert f"All {len(rows) - 1} lines about single rows are in {file}." in said
    assert file.stat().st_mode & 0o077 == 0


def test_the_terminal_shows_the_first_rows_of_each_reason(run, old):
    for _ in range(5):
        old.add("community_members", phone="12345")
    said, _ = run()
    assert said.count("“12345” is too short") == 3
    assert "    … and 2 more" in said
    assert "To list each of these rows with its reason, use --report FILE." in said


def test_an_unwritable_report_stops_before_anything_is_imported(run, old, tmp_path):
    old.add("community_members", phone=ADA)
    said, code = run(old.path, "--report", tmp_path / "no such folder" / "report.csv")
    assert (code, "can't be written: No such file or directory." in said) == (2, True)
    assert not CommunityMember.objects.exists()


def make_locked(path):
    Old(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


@pytest.mark.parametrize(
    ("prepare", "part"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: os.mkfifo(path), "is not a file"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"no database " * 500), "is not an SQLite database"),
        (lambda path: path.write_bytes(b""), "has none of the old system's tables"),
        (lambda path: Old(path, {"recipes": "id"}), "has none of the old system's tables"),
        (lambda path: Old(path, {"users": "id, email", "events": "id"}), "is a database of another program"),
        (lambda path: Old(path, {"users": "id", "django_migrations": "id"}), "is an SMS Admin database"),
        (make_locked, "is in use by another program. Stop the old system"),
    ],
    ids=[
        *("missing", "a folder", "a pipe", "a link to itself", "no database", "empty", "something else"),
        *("another program", "ours", "locked"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(run, tmp_path, monkeypatch, prepare, part):
    monkeypatch.setattr(reading, "BUSY_SECONDS", 0)
    path = tmp_path / "a file#1?.db"
    holder = prepare(path)
    said, code = run(path)
    if isinstance(holder, sqlite3.Connection):
        holder.close()
    assert code == 2
    assert said.startswith("Nothing was changed. ")
    assert part in said


@pytest.mark.parametrize("what", ["stat", "open"])
def test_an_unreadable_file_or_folder_is_one_sentence(run, old, monkeypatch, what):
    real = getattr(Path, what)

    def refuse(path, *args, **options):
        if path == old.path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(Path, what, refuse)
    said, code = run()
    assert code == 2
    assert said.startswith(f"Nothing was changed. {old.path} cannot be read: the user that runs this command has no")


def test_an_impossible_file_name_is_one_sentence(run):
    said, code = run("x" * 5000)
    assert (code, "cannot be read: File name too long." in said) == (2, True)


def test_the_report_never_overwrites_the_old_database_or_a_folder(run, old, tmp_path):
    fill(old)
    before = old.path.read_bytes()
    said, code = run(old.path, "--report", old.path)
    assert (code, "is the old database itself" in said) == (2, True)
    assert old.path.read_bytes() == before
    said, code = run(old.path, "--report", tmp_path)
    assert (code, "is a folder. Specify a file for the report" in said) == (2, True)
    assert not CommunityMember.objects.exists()


def test_a_disk_that_is_full_while_the_report_is_written_ends_with_nothing_changed(run, old, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    fill(old)
    monkeypatch.setattr(Report, "refused", fail)
    said, code = run(old.path, "--report", tmp_path / "report.csv")
    assert code == 2
    assert said == "Nothing was changed. The report cannot be written: No space left on device."
    assert not CommunityMember.objects.exists()
    assert not (tmp_path / "report.csv").exists()


def test_a_damaged_file_is_one_sentence_and_nothing_is_imported(run, old):
    fill(old)
    for number in range(300):
        old.add("community_members", name="A" * 50, phone=f"+1720555{100 + number:04}")
    content = bytearray(old.path.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half:] = b"\xee" * (len(content) - half)
    old.path.write_bytes(content)
    said, code = run()
    assert code == 2
    assert "is damaged" in said
    assert not LegacyRow.objects.exists()


def test_a_database_error_is_one_sentence_and_nothing_is_imported(run, old, monkeypatch):
    def fail(move):
        raise DatabaseError("no such table: somewhere")

    fill(old)
    monkeypatch.setattr(importing, "move_scheduled", fail)
    said, code = run()
    assert code == 2
    assert "Database error: no such table: somewhere" in said
    assert not LegacyRow.objects.exists()
    assert not CommunityMember.objects.exists()


def test_new_rows_of_ours_can_be_added_afterward(run, old, make_member, make_event):
    fill(old)
    run()
    make_member(phone="+17205550177")
    make_event()
    assert MessageLog.objects.create(message_body="x", target="community").pk


def test_dbdoctor_finds_no_problem_with_imported_data(run, old):
    fill(old)
    run()
    for log in MessageLog.objects.all():
        before = (log.total_recipients, log.success_count, log.failure_count)
        log.write_totals()
        assert (log.total_recipients, log.success_count, log.failure_count) == before
    assert connection.check_constraints() is None


def test_dbdoctor_does_not_expect_reports_on_imported_texts(run, old, settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    fill(old)
    old.add_blast(*((f"+1720555{100 + number:04}", None, True, None) for number in range(50)))
    run()
    assert Delivery.objects.filter(status="accepted").count() > 50
    found = [
        finding
        for check in checkup.CHECKS
        if check.name.startswith(("rows.", "counters.", "sending."))
        for finding in checkup.run(check)
    ]
    assert [finding.sentence for finding in found if finding.level == Level.PROBLEM] == []


def test_dbdoctor_still_reports_missing_reports_on_our_own_blasts(run, old, settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    fill(old)
    run()
    log = MessageLog.objects.create(message_body="Hello", target="community", status="sent")
    long_ago = timezone.now() - timedelta(hours=2)
    Delivery.objects.create(message_log=log, phone=ADA, status="accepted", accepted_at=long_ago)
    [finding] = [finding for finding in sending.find_silence() if finding.level == Level.PROBLEM]
    assert finding.sentence == "Twilio has accepted 1 text but reported on none of them."


anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=60),
    st.binary(max_size=20),
    st.sampled_from(
        [ADA, GRACE, "active", "pending", "processing", "[]", '["Q"]', "2024-03-05 17:30:00", 1, 0, "true"]
    ),
)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=100,
)
@given(st.data())
def test_whatever_the_columns_contain_each_row_is_imported_or_refused(tmp_path_factory, data):
    """Columns are untyped: SQLite stores any value."""
    loose = {
        table: ", ".join(
            "id INTEGER PRIMARY KEY" if name == "id" else f'"{name}"' for name in sorted(reading.TABLES[table])
        )
        for table in reading.TABLES
    }
    old = Old(tmp_path_factory.mktemp("old") / "sms.db", loose)
    rows = {}
    for table in reading.TABLES:
        rows[table] = data.draw(st.integers(0, 2))
        for _ in range(rows[table]):
            names = data.draw(st.sets(st.sampled_from(sorted(reading.TABLES[table] - {"id"})), max_size=3))
            odd = {name: data.draw(anything) for name in names}
            old.add(table, **{"phone": ADA, **odd} if "phone" in reading.TABLES[table] else odd)
    for is_dry_run in (True, False):
        report = Report()
        importing.move_in(old.path, report, is_dry_run=is_dry_run)
        for table, count in report.counts.items():
            assert count.read == count.taken + count.present + count.refused
            assert count.read == rows.get(table, count.read)
        assert sum(rows.values()) == sum(count.read for table, count in report.counts.items() if table in rows)
    assert not Delivery.objects.in_progress().exists()


@given(anything)
def test_no_value_makes_reading_fail(value):
    row = OldRow("users", 1, {"a": value})
    row.text("a", 10), row.name("a"), row.moment("a"), row.day("a"), row.whole("a"), row.flag("a", default=True)
    assert row.choice("a", ["x"], "x") == "x"


def test_help_says_what_the_command_does(capsys):
    with pytest.raises(SystemExit):
        call_command("import_legacy", "--help")
    assert "exit codes:" in capsys.readouterr().out


def test_the_test_database_has_each_column_that_is_read():
    for table, columns in reading.TABLES.items():
        assert {line.split()[0] for line in TABLES[table].replace("\n", " ").split(",") if line.split()} >= columns
    assert set(DEFAULTS) <= set(TABLES)
