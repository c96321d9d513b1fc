"""Two transactions at the same time, for tests on PostgreSQL: SQLite has one writer at a time."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has two writers")
_HOW_MANY_WAIT = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
# Longer than `first` or `rest` takes, so that anything that goes wrong in them is reported.
_IS_OVER_WITHIN = 30


@contextmanager
def meanwhile(first, then, within=5):
    """In another transaction: `first()`, then `then()` once the block has to wait for it, then commit.

    Fails if the block hasn't had to wait `within` so many seconds.
    """

    def rest():
        _wait_for_somebody(within)
        then()

    with _somebody(first, rest):
        yield


@contextmanager
def not_waiting_for(first):
    """In another transaction: `first()`, and commit after the block, which must not wait for it."""
    is_through = threading.Event()

    def rest():
        assert is_through.wait(10), "The block is waiting."

    with _somebody(first, rest):
        yield
        is_through.set()


@contextmanager
def _somebody(first, rest):
    """Another transaction that has done `first` when the block starts, does `rest` alongside it, and commits."""
    has_begun, problems = threading.Event(), []

    def work():
        try:
            with transaction.atomic():
                first()
                has_begun.set()
                rest()
        except Exception as problem:  # noqa: BLE001 - asserted below
            problems.append(problem)
        finally:
            has_begun.set()
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    has_begun.wait(10)
    try:
        yield
    finally:
        thread.join(_IS_OVER_WITHIN)
        assert not problems, problems
        assert not thread.is_alive(), "The other transaction does not end."


def _wait_for_somebody(within):
    moment, until = threading.Event(), time.monotonic() + within
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            # Otherwise a transaction keeps seeing its first snapshot.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(_HOW_MANY_WAIT)
            if cursor.fetchone()[0]:
                return
            moment.wait(0.01)
    raise AssertionError("Nobody has waited.")
