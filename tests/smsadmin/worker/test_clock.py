import logging

import pytest

from smsadmin.worker import clock

calls = []


def first():
    calls.append("first")


def failing():
    calls.append("failing")
    if broken:
        raise RuntimeError("no such luck")


broken = True
FIRST, FAILING = f"{__name__}.first", f"{__name__}.failing"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    calls.clear()
    monkeypatch.setattr(clock, "_failures", {})
    monkeypatch.setattr(clock.db, "close_old_connections", lambda: None)


def test_a_tick_calls_each_task_in_order(settings):
    settings.CLOCK_TASKS = [FIRST, FAILING, FIRST]
    clock.tick()
    assert calls == ["first", "failing", "first"]


def test_a_lasting_failure_is_logged_at_its_beginning_and_its_end(settings, caplog, monkeypatch):
    settings.CLOCK_TASKS = [FAILING]
    for _ in range(3):
        clock.tick()
    monkeypatch.setattr(f"{__name__}.broken", False)
    clock.tick()
    clock.tick()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "works again after 3 failures" in caplog.text


def test_a_name_that_cannot_be_imported_stops_no_other_task(settings):
    settings.CLOCK_TASKS = ["nowhere.nothing", FIRST]
    clock.tick()
    assert calls == ["first"]


def test_the_tasks_of_the_project_run_on_an_empty_database(db):
    clock.tick()
    assert clock._failures == {}
