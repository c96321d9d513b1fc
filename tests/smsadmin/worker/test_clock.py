import logging

import pytest

from smsadmin.lib.registry import Registry
from smsadmin.worker import clock

calls = []


def first():
    calls.append("first")


def failing():
    calls.append("failing")
    if broken:
        raise RuntimeError("no such luck")


broken = True


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    calls.clear()
    monkeypatch.setattr(clock, "_failures", {})
    monkeypatch.setattr(clock.db, "close_old_connections", lambda: None)


@pytest.fixture
def no_tasks(monkeypatch):
    monkeypatch.setattr(clock, "tasks", Registry())


def test_a_tick_calls_each_task_once_in_order(no_tasks):
    for task in (first, failing, first):
        clock.tasks.register(task)
    clock.tick()
    assert calls == ["first", "failing"]


def test_a_lasting_failure_is_logged_when_it_starts_and_ends(no_tasks, caplog, monkeypatch):
    clock.tasks.register(failing)
    for _ in range(3):
        clock.tick()
    monkeypatch.setattr(f"{__name__}.broken", False)
    clock.tick()
    clock.tick()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "works again after 3 failures" in caplog.text


def test_a_failing_task_does_not_stop_other_tasks(no_tasks):
    clock.tasks.register(failing)
    clock.tasks.register(first)
    clock.tick()
    assert calls == ["failing", "first"]


def test_the_projects_tasks_run_on_an_empty_database(db):
    assert len(clock.tasks) == 3
    clock.tick()
    assert clock._failures == {}
