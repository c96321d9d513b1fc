"""Time limits for the database, on a locked SQLite file and on PostgreSQL."""

import os
import signal
import sqlite3
from contextlib import closing

import pytest
from django.db import ConnectionHandler, OperationalError, connection

from messaging.models import InboxThread
from smsadmin.lib import time_limits
from smsadmin.lib.time_limits import TookTooLong, at_most
from tests.meanwhile import not_waiting_for, on_postgresql
from tests.processes import read_proc


def test_there_is_no_limit_outside_the_block():
    assert time_limits.left() is None
    with at_most(60):
        assert 0 < time_limits.left() <= 60
    assert time_limits.left() is None


def test_an_inner_limit_does_not_extend_an_outer_one():
    with at_most(10):
        with at_most(60):
            assert time_limits.left() <= 10
        with at_most(5):
            assert time_limits.left() <= 5
        assert 5 < time_limits.left() <= 10


def test_after_the_deadline_no_query_is_run(db):
    with pytest.raises(TookTooLong), at_most(0), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_an_error_before_the_deadline_is_raised_unchanged(db):
    with pytest.raises(OperationalError, match="disk"), at_most(60):
        raise OperationalError("disk full")


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """Replaces the database by a SQLite file whose write lock someone else holds."""
    path = tmp_path / "sms.db"
    options = {"timeout": 30, "transaction_mode": "IMMEDIATE"}
    handler = ConnectionHandler(
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}}
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE things (name text)")
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time_limits, "connection", handler["default"])
        yield handler["default"]
        other.rollback()
        handler["default"].close()


def busy_timeout(wrapper):
    return wrapper.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def write(wrapper):
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO things VALUES ('a')")


def test_waiting_for_a_lock_is_limited(locked, django_db_blocker):
    with django_db_blocker.unblock(), pytest.raises(TookTooLong), at_most(0.05):
        write(locked)


def test_starting_a_transaction_is_limited(locked, django_db_blocker):
    with django_db_blocker.unblock(), pytest.raises(TookTooLong), at_most(0.05):
        locked.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_afterwards_the_normal_timeout_applies(locked, django_db_blocker):
    with django_db_blocker.unblock():
        locked.ensure_connection()
        with at_most(60):
            with pytest.raises(TookTooLong), at_most(0.05):
                write(locked)
            assert busy_timeout(locked) < 61_000
            with at_most(5):
                pass
        assert busy_timeout(locked) == 30_000


def test_a_connection_opened_in_the_block_does_not_keep_the_limit(locked, django_db_blocker):
    with django_db_blocker.unblock():
        with at_most(2):
            locked.ensure_connection()
            assert busy_timeout(locked) <= 2_000
        assert locked.settings_dict["OPTIONS"]["timeout"] == 30
        assert busy_timeout(locked) == 30_000


@pytest.fixture
def thread(transactional_db):
    return InboxThread.objects.create(phone="+17205550123")


def rename(thread, name):
    return InboxThread.objects.filter(pk=thread.pk).update(contact_name=name)


@on_postgresql
def test_waiting_for_a_locked_row_is_limited(thread):
    with not_waiting_for(lambda: rename(thread, "theirs")), pytest.raises(TookTooLong), at_most(0.1):
        rename(thread, "ours")
    thread.refresh_from_db()
    assert thread.contact_name == "theirs"


@on_postgresql
def test_short_waits_are_limited_in_total(thread):
    with connection.cursor() as cursor, at_most(0.3):
        cursor.execute("SELECT pg_sleep(0.1)")
        with pytest.raises(TookTooLong), at_most(60):
            cursor.execute("SELECT pg_sleep(0.4)")


@on_postgresql
def test_a_block_that_ends_in_time_is_left_alone(thread):
    with at_most(0.1):
        rename(thread, "ours")
    backend = connection.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")
    assert connection.connection.info.backend_pid == backend


@on_postgresql
def test_waiting_for_a_hanging_server_is_limited(thread):
    pid = connection.connection.info.backend_pid
    if "postgres" not in read_proc(f"{pid}/comm"):
        pytest.skip("PostgreSQL runs elsewhere")
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(TookTooLong), at_most(0.1):
            rename(thread, "ours")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert connection.connection is None
    assert rename(thread, "ours") == 1
