import itertools
from types import SimpleNamespace

import pytest

from smsadmin.worker import main as worker


class SimpleBroker:
    def ping(self):
        return True


@pytest.fixture
def main(monkeypatch):
    """A Worker with fake processes, whose clock is `at`."""
    at = SimpleNamespace(seconds=1000.0)
    started = []

    def make_process(**_):
        sentinel = SimpleNamespace(exitcode=None, start=lambda: started.append(sentinel))
        sentinel.is_alive = lambda: sentinel.exitcode is None
        sentinel.kill = lambda: setattr(sentinel, "exitcode", -9)
        sentinel.join = lambda *_: setattr(at, "seconds", at.seconds + 1)
        return sentinel

    monkeypatch.setattr(worker.time, "monotonic", lambda: at.seconds)
    monkeypatch.setattr(worker, "fork", SimpleNamespace(Process=make_process, RawValue=worker.fork.RawValue))
    monkeypatch.setattr(worker, "get_broker", SimpleBroker)
    monkeypatch.setattr(worker.db.connections, "close_all", lambda: None)
    made = worker.Worker()
    made.at, made.started = at, started
    return made


def test_a_dead_sentinel_is_replaced_immediately(main):
    main._ensure_sentinel()
    main.at.seconds += 60
    main.started[0].exitcode = -9
    main._ensure_sentinel()
    assert len(main.started) == 2


def test_a_sentinel_that_keeps_dying_is_replaced_after_growing_pauses(main):
    begun = []
    for _ in range(200):
        before = len(main.started)
        main._ensure_sentinel()
        if len(main.started) > before:
            begun.append(main.at.seconds)
            main.started[-1].exitcode = 1
        main.at.seconds += 1
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 30


def test_a_hanging_sentinel_is_replaced(main):
    main._ensure_sentinel()
    main.at.seconds += worker.SILENCE_SECONDS
    main._ensure_sentinel()
    assert main.started[0].exitcode == -9
    assert len(main.started) == 2


def test_an_unreachable_broker_is_tried_again(main, monkeypatch, caplog):
    def refuse(_):
        raise ConnectionError("refused")

    monkeypatch.setattr(SimpleBroker, "ping", refuse)
    main._ensure_sentinel()
    main._ensure_sentinel()
    assert main.started == []
    assert len(caplog.records) == 1


def test_whatever_ends_the_main_process_ends_the_sentinel(main, monkeypatch):
    def fail():
        raise MemoryError

    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.clock, "tick", fail)
    with pytest.raises(MemoryError):
        main.run(lambda: False)
    assert main.started[0].exitcode == -9
