"""Whole blasts through Twilio's SDK and a socket, with each kind of API failure that happens in practice.

The stand-in's record is compared with the rows: a blast always ends in a state that is true.
"""

from collections import Counter

import pytest

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.backends import connections
from messaging.scheduling import sweep
from messaging.sending import dispatch, reconciliation, sender
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, TwilioStandin, faults


@pytest.fixture(autouse=True)
def own_number(make_phone):
    """Skips the factories' first number, which is the stand-in's own and can't be texted."""
    assert make_phone() == FROM_NUMBER


@pytest.fixture(autouse=True)
def twilio(settings, monkeypatch):
    """The stand-in, with settings that make it the provider and short waits after errors."""
    monkeypatch.setattr(sender, "BACK_OFF_SECONDS", (0.01, 0.05))
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_FROM_NUMBER = FROM_NUMBER
    settings.SMS_CONCURRENCY = 4
    settings.SMS_SENDERS_PER_BLAST = 1
    with TwilioStandin() as server:
        settings.TWILIO_API_BASE_URL = server.url
        yield server


@pytest.fixture
def people(make_member):
    return [make_member().phone for _ in range(12)]


def received(twilio):
    return Counter(message.to for message in twilio.messages)


def states(log):
    return dict(log.deliveries.values_list("phone", "status"))


def test_without_a_fault_everyone_is_accepted_with_the_sid_of_twilio(twilio, people, start_blast, send):
    log = send(start_blast("Hi {first_name}"))
    assert received(twilio) == Counter(people)
    sids = {message.to: message.sid for message in twilio.messages}
    assert dict(log.deliveries.values_list("phone", "sid")) == sids
    assert (log.status, log.success_count) == ("sent", 12)


@pytest.mark.parametrize("retry_after", [None, "0"])
def test_texts_refused_with_429_are_sent_later_and_once(twilio, people, start_blast, send, retry_after):
    twilio.faults.next(*[faults.too_many_requests(retry_after)] * 6)
    log = send(start_blast())
    assert received(twilio) == Counter(people)
    assert (log.status, log.success_count) == ("sent", 12)


def test_concurrency_drops_after_a_429_and_recovers(twilio, people, start_blast, send, monkeypatch):
    limits, adjust = [], sender.Sender._adjust

    def watch(self, troubles, results):
        adjust(self, troubles, results)
        limits.append(self.limit)

    monkeypatch.setattr(sender.Sender, "_adjust", watch)
    twilio.faults.next(*[faults.too_many_requests()] * 4)
    send(start_blast())
    assert min(limits) < 4
    assert limits[-1] > min(limits)


FAULTS_IN_DOUBT = {
    "accepted, then the connection breaks": faults.dropped(accepted=True),
    "the connection breaks before anything is accepted": faults.dropped(accepted=False),
    "accepted, and the answer breaks off": faults.truncated(),
    "accepted, and the answer is garbage": faults.garbage(),
    "accepted, and the answer has no SID": faults.without_sid(),
    "500 without acceptance": faults.server_error(500),
    "503 after acceptance": faults.server_error(503, accepted=True),
    "502 of a gateway": faults.bare(502),
}


@pytest.mark.parametrize("fault", FAULTS_IN_DOUBT.values(), ids=FAULTS_IN_DOUBT.keys())
def test_a_possibly_accepted_text_is_unknown_until_there_is_evidence(twilio, people, start_blast, send, fault):
    twilio.faults.for_number(people[0], fault)
    log = send(start_blast())
    assert states(log)[people[0]] == "unknown"
    assert Counter(states(log).values()) == {"unknown": 1, "accepted": 11}
    assert log.status == "sent"
    for _ in range(2):
        sweep.sweep()
        reconciliation.reconcile(at_once=True)
    expected = "accepted" if fault.accepted else "unknown"
    assert states(log)[people[0]] == expected
    assert received(twilio)[people[0]] == int(fault.accepted)
    assert max(received(twilio).values()) == 1


def test_a_read_timeout_has_an_unknown_outcome(twilio, people, start_blast, send, monkeypatch):
    monkeypatch.setattr(connections, "ANSWER_TIMEOUT", 0.2)
    twilio.faults.for_number(people[0], faults.slow(0.6))
    log = send(start_blast())
    assert states(log)[people[0]] == "unknown"
    assert max(received(twilio).values()) == 1


def test_slow_answers_are_waited_for(twilio, people, start_blast, send):
    twilio.faults.for_number(people[0], faults.slow(0.3))
    assert set(states(send(start_blast())).values()) == {"accepted"}


UNREACHABLE = {
    "connection refused": "http://127.0.0.1:1",
    "DNS failure": "http://sms-admin.invalid",
    "no TLS on the other side": None,
}


@pytest.mark.parametrize("address", UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_people_without_a_completed_call_wait_and_the_page_says_why(
    twilio, people, start_blast, settings, monkeypatch, address
):
    queue = dispatch.async_task
    monkeypatch.setattr(dispatch, "async_task", lambda *args, **kwargs: None)
    settings.TWILIO_API_BASE_URL = address or twilio.url.replace("http:", "https:")
    log = start_blast()
    slot = log.slots.get()
    slot._meta.model.objects.reserve(slot.pk, "me", 30)
    dispatch.send_slice(slot.pk, "me", seconds=0.3)
    log.refresh_from_db()
    assert set(states(log).values()) == {"pending"}
    assert log.status == "processing"
    assert log.trouble
    monkeypatch.setattr(dispatch, "async_task", queue)
    settings.TWILIO_API_BASE_URL = twilio.url
    slot._meta.model.objects.filter(pk=slot.pk).update(leased_until=None)
    dispatch.nudge(log)
    log.refresh_from_db()
    assert received(twilio) == Counter(people)
    assert (log.status, log.trouble) == ("sent", "")


def test_wrong_credentials_stop_the_blast_immediately_and_say_what_to_fix(
    twilio, people, start_blast, send, settings
):
    settings.TWILIO_AUTH_TOKEN = "wrong"
    log = send(start_blast())
    assert (log.stop_code, log.is_running) == (20003, False)
    assert "TWILIO_AUTH_TOKEN" in log.stop_reason
    assert not twilio.messages
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    log.resume()
    assert send(log).status == "sent"
    assert received(twilio) == Counter(people)


def test_a_wrong_sender_stops_after_the_sample_and_suppresses_nobody(
    twilio, make_member, start_blast, send, settings
):
    settings.SMS_BREAKER_SAMPLE = 10
    settings.TWILIO_FROM_NUMBER = "+15005550007"
    phones = [make_member().phone for _ in range(40)]
    log = send(start_blast())
    assert log.stop_code == 21606
    assert Counter(states(log).values())["pending"] >= 20
    assert not SuppressedContact.objects.exists()
    assert not UnsubscribedContact.objects.exists()
    settings.TWILIO_FROM_NUMBER = FROM_NUMBER
    log.resume()
    assert send(log).status == "sent"
    assert received(twilio) == Counter(phones)


def test_each_magic_number_is_refused_with_its_consequence(twilio, make_member, start_blast, send):
    for ending in ("01", "03", "04", "09"):
        make_member(phone=f"+150055500{ending}")
    fine = make_member().phone
    log = send(start_blast())
    assert states(log) == {fine: "accepted", **{f"+150055500{e}": "failed" for e in ("01", "03", "04", "09")}}
    assert set(SuppressedContact.objects.values_list("phone", flat=True)) == {"+15005550001", "+15005550009"}
    assert UnsubscribedContact.objects.get().phone == "+15005550004"
