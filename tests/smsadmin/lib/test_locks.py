"""The lock that outlives transactions: one process at a time, and none after the holder's death."""

import pytest
from django.db import connection

from smsadmin.lib.locks import AdvisoryLock, hold_alone
from tests.meanwhile import on_postgresql

LOCK = AdvisoryLock.CATCH_UP


@pytest.fixture
def database_file(tmp_path, monkeypatch):
    """SQLite's lock on a file, as outside of tests, where the database is one."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite's lock is a file")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "sms.db"))
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: False)
    return tmp_path / "sms.db"


def test_a_second_holder_is_told_that_it_is_taken(database_file):
    with hold_alone(LOCK) as first, hold_alone(LOCK) as second:
        assert (first, second) == (True, False)


def test_the_lock_is_free_after_the_block(database_file):
    with pytest.raises(ZeroDivisionError), hold_alone(LOCK):
        raise ZeroDivisionError
    with hold_alone(LOCK) as is_ours:
        assert is_ours


def test_a_service_can_open_a_lock_that_root_created(database_file):
    with hold_alone(LOCK):
        pass
    assert database_file.with_name("sms.db-catch-up").stat().st_mode & 0o777 == 0o644


@on_postgresql
@pytest.mark.django_db
def test_another_connection_finds_it_taken_until_the_block_ends():
    other = connection.copy()
    try:
        with hold_alone(LOCK), other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            assert cursor.fetchone() == (False,)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()
