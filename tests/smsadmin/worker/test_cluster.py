import logging
import os
import signal

import pytest
from django_q.brokers import Broker
from django_q.models import Task
from django_q.signing import SignedPackage

from smsadmin.worker import cluster
from smsadmin.worker.cluster import Flag, Results, StopFlag, Tasks


class ListBroker(Broker):
    """A broker with (id, package) pairs, or exceptions to raise instead."""

    def __init__(self, *items):
        super().__init__("tests")
        self.items = list(items)
        self.acknowledged = []
        self.failed = []

    def dequeue(self):
        item = self.items.pop(0) if self.items else None
        if isinstance(item, Exception):
            raise item
        return [item] if item else None

    def acknowledge(self, task_id):
        self.acknowledged.append(task_id)

    def fail(self, task_id):
        self.failed.append(task_id)


def package(**fields):
    return SignedPackage.dumps({"id": "1" * 32, "name": "n", "func": "os.getpid", "args": (), "kwargs": {}, **fields})


@pytest.fixture(autouse=True)
def keep_sigterm():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def naps(monkeypatch):
    taken = []
    monkeypatch.setattr(cluster.time, "sleep", taken.append)
    return taken


def take_from(broker):
    return Tasks(broker, Results(broker), lambda: not broker.items)


def test_a_task_process_asks_the_broker_for_one_task():
    broker = ListBroker((7, package()), (8, package()))
    task = take_from(broker).get()
    assert (task["func"], task["ack_id"]) == ("os.getpid", 7)
    assert len(broker.items) == 1


def test_it_stops_when_told():
    assert Tasks(ListBroker((7, package())), Results(ListBroker()), lambda: True).get() == "STOP"


def test_it_waits_for_an_unreachable_broker_and_logs_it_once(naps, caplog):
    broker = ListBroker(ConnectionError("refused"), ConnectionError("refused"), (7, package()), (8, package()))
    assert take_from(broker).get()["ack_id"] == 7
    assert [record.message for record in caplog.records] == [
        "The queue can't be read (ConnectionError: refused). Trying again.",
        "The queue can be read again.",
    ]
    assert len(naps) == 2


def test_it_drops_a_task_signed_with_another_secret(caplog):
    broker = ListBroker((7, "damaged"), (8, package()), (9, package()))
    assert take_from(broker).get()["ack_id"] == 8
    assert broker.failed == [7]
    assert "dropped" in caplog.text


def finished(**fields):
    return {
        "id": "1" * 32,
        "name": "n",
        "func": "os.getpid",
        "args": (),
        "kwargs": {},
        "success": True,
        "result": 1,
        "started": "2026-01-01T00:00:00Z",
        "stopped": "2026-01-01T00:00:00Z",
        "ack_id": 7,
        **fields,
    }


def test_a_result_is_saved_before_the_next_task(db):
    broker = ListBroker((8, package()), (9, package()))
    results = Results(broker)
    results.put(finished())
    assert Tasks(broker, results, lambda: False).get()["ack_id"] == 8
    assert Task.objects.get().result == 1
    assert 7 in broker.acknowledged


def test_a_process_with_an_unsaved_result_ignores_sigterm(db):
    results = Results(ListBroker())
    results.put(finished())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    results.save()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_result_that_cannot_be_saved_does_not_end_the_process(monkeypatch, caplog):
    def refuse(*_):
        raise ConnectionError("away")

    monkeypatch.setattr(cluster, "monitor", refuse)
    results = Results(ListBroker())
    results.put(finished())
    results.save()
    assert "couldn't be saved" in caplog.text
    assert results.get() == "STOP"


def test_a_flag_can_be_set():
    flag = Flag()
    assert not flag.is_set()
    flag.set()
    assert flag.is_set()


def test_a_stop_flag_counts_as_set_once_the_parent_is_gone(naps):
    flag = StopFlag(parent_pid=os.getppid())
    assert not flag.wait(0.5)
    assert naps == [0.5]
    assert StopFlag(parent_pid=os.getpid()).wait(0.5)
    assert naps == [0.5]


def test_a_repeated_log_line_is_logged_once_a_minute(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(cluster.time, "monotonic", lambda: now[0])
    once = cluster.OncePerMinute()

    def passes(text):
        return once.filter(logging.LogRecord("django-q", logging.ERROR, "", 0, text, None, None))

    assert [passes("away"), passes("away"), passes("late"), passes("away")] == [True, False, True, False]
    now[0] += 60
    assert passes("away")
