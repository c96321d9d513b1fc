"""How long the database may take, on a SQLite file that somebody has locked, and on PostgreSQL."""

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


def test_there_is_no_limit_outside():
    assert time_limits.left() is None
    with at_most(60):
        assert 0 < time_limits.left() <= 60
    assert time_limits.left() is None


def test_a_limit_inside_of_another_does_not_lengthen_it():
    with at_most(10):
        with at_most(60):
            assert time_limits.left() <= 10
        with at_most(5):
            assert time_limits.left() <= 5
        assert 5 < time_limits.left() <= 10


def test_nothing_is_asked_of_the_database_when_the_time_is_over(db):
    with pytest.raises(TookTooLong), at_most(0), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_an_error_in_time_is_told_as_it_is(db):
    with pytest.raises(OperationalError, match="disk"), at_most(60):
        raise OperationalError("disk full")


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A SQLite file whose write lock somebody else has, in place of the database."""
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


def test_a_lock_is_waited_for_only_so_long(locked, django_db_blocker):
    with django_db_blocker.unblock(), pytest.raises(TookTooLong), at_most(0.05):
        write(locked)


def test_a_transaction_waits_at_its_beginning_only_so_long(locked, django_db_blocker):
    with django_db_blocker.unblock(), pytest.raises(TookTooLong), at_most(0.05):
        locked.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_afterward_a_lock_is_waited_for_as_before(locked, django_db_blocker):
    with django_db_blocker.unblock():
        locked.ensure_connection()
        with at_most(60):
            with pytest.raises(TookTooLong), at_most(0.05):
                write(locked)
            assert busy_timeout(locked) < 61_000
            with at_most(5):
                pass
        assert busy_timeout(locked) == 30_000


def test_a_connection_made_meanwhile_does_not_keep_the_limit(locked, django_db_blocker):
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
def test_a_row_that_somebody_has_locked_is_waited_for_only_so_long(thread):
    with not_waiting_for(lambda: rename(thread, "theirs")), pytest.raises(TookTooLong), at_most(0.1):
        rename(thread, "ours")
    thread.refresh_from_db()
    assert thread.contact_name == "theirs"


@on_postgresql
def test_waits_that_are_short_each_are_limited_together(thread):
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
def test_a_server_that_hangs_is_waited_for_only_so_long(thread):
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
