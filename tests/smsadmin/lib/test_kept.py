"""What a process keeps for some seconds."""

import itertools

import pytest

from smsadmin.lib import time_limits
from smsadmin.lib.kept import Kept


@pytest.fixture
def clock(monkeypatch):
    """The monotonic time, to be set."""
    now = [1000.0]
    monkeypatch.setattr("smsadmin.lib.kept.time.monotonic", lambda: now[0])
    return now


def test_a_result_is_kept_for_that_long(clock):
    kept, numbers = Kept(5), itertools.count()
    assert [kept.get(lambda: next(numbers)) for _ in range(2)] == [0, 0]
    clock[0] += 5
    assert kept.get(lambda: next(numbers)) == 1


def test_a_forgotten_result_is_found_out_again(clock):
    kept, numbers = Kept(5), itertools.count()
    kept.get(lambda: next(numbers))
    kept.forget()
    assert kept.get(lambda: next(numbers)) == 1


def test_a_failure_is_not_kept(clock):
    kept = Kept(5)
    with pytest.raises(ZeroDivisionError):
        kept.get(lambda: 1 / 0)
    assert kept.get(lambda: 1) == 1


def test_whoever_has_a_limit_waits_no_longer_for_another_thread(monkeypatch):
    kept = Kept(5)
    monkeypatch.setattr(time_limits, "left", lambda: 0.0)
    with kept._lock, pytest.raises(time_limits.TookTooLong):
        kept.get(lambda: 1)
