from datetime import UTC, datetime, timedelta

import pytest

from messaging.backends import OutcomeUnknown, Refused, TryLater, get_backend
from messaging.backends.locmem import LocmemBackend

TO, OTHER = "+17205550123", "+17205550124"


def test_sent_texts_are_in_the_outbox():
    first = get_backend().send(TO, "Hello", "http://testserver/x")
    second = get_backend().send(OTHER, "Hi", None)
    assert LocmemBackend.outbox == [(TO, "Hello", "http://testserver/x"), (OTHER, "Hi", None)]
    assert first.sid != second.sid
    assert not get_backend().is_simulated


def test_a_number_fails_as_scripted():
    LocmemBackend.script[TO] = Refused(21610, "unsubscribed")
    for _ in range(2):
        with pytest.raises(Refused):
            get_backend().send(TO, "Hello", None)
    get_backend().send(OTHER, "Hello", None)
    assert [to for to, _, _ in LocmemBackend.outbox] == [OTHER]


def test_scripted_outcomes_are_used_in_order():
    LocmemBackend.script["*"] = [TryLater("busy", 2.0), None]
    with pytest.raises(TryLater):
        get_backend().send(TO, "Hello", None)
    get_backend().send(TO, "Hello", None)
    get_backend().send(TO, "Hello", None)
    assert len(LocmemBackend.outbox) == 2


def test_a_text_can_be_accepted_although_the_response_is_lost():
    LocmemBackend.script[TO] = LocmemBackend.accept_and_lose
    with pytest.raises(OutcomeUnknown):
        get_backend().send(TO, "Hello", None)
    [found] = get_backend().list_messages(TO, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.to, found.body) == (TO, "Hello")


def test_the_list_starts_at_the_given_time():
    get_backend().send(TO, "Hello", None)
    assert get_backend().list_messages(TO, datetime.now(UTC) + timedelta(minutes=1)) == []
    with pytest.raises(ValueError, match="time zone"):
        get_backend().list_messages(TO, datetime(2026, 7, 1))
