"""Senders whose database is gone: they couldn't store results, so they send nothing."""

import pytest

from messaging.sending import dispatch
from smsadmin.lib import database_file


@pytest.fixture
def lose(monkeypatch):
    def run():
        def fail():
            raise database_file.DatabaseFileLost("The database sms.db was replaced by another file.")

        monkeypatch.setattr(database_file, "check", fail)

    return run


@pytest.fixture
def blast(make_member, start_blast, queue, settings):
    settings.SMS_CONCURRENCY = 2
    settings.SMS_SENDERS_PER_BLAST = 1
    for _ in range(6):
        make_member()
    log = start_blast()
    dispatch.nudge(log)
    return log


def test_a_sender_claims_nothing_logs_one_line_and_exits(blast, queue, locmem, lose, caplog):
    lose()
    queue.run()
    assert (locmem.outbox, queue.tasks) == ([], [])
    assert not blast.deliveries.exclude(status="pending").exists()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "was replaced by another file" in caplog.text


def test_a_sender_in_the_middle_of_a_blast_exits_after_the_calls_in_flight(blast, queue, locmem, lose):
    def call(to, body, callback):
        lose()
        return locmem.accept(to, body, callback)

    locmem.script["*"] = call
    queue.run()
    assert 1 <= len(locmem.outbox) <= 2
    assert blast.deliveries.filter(status="accepted").count() == len(locmem.outbox)


def test_a_sender_of_replies_exits_too(make_thread, reply, queue, locmem, lose):
    reply(make_thread())
    lose()
    queue.run()
    assert locmem.outbox == []
