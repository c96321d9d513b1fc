"""The list of incoming texts, read from Twilio."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from messaging.backends import ReceivedMessage, Refused, TryLater, get_backend, twilio
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, MESSAGING_SERVICE_SID, TwilioStandin, faults

ADA = "+17205550123"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standin(settings):
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_FROM_NUMBER = FROM_NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    with TwilioStandin() as server:
        settings.TWILIO_API_BASE_URL = server.url
        yield server


def received(since=NOON):
    return list(get_backend().received(since))


def test_an_incoming_text_is_described(standin):
    text = standin.account.receive(ADA, "Hi", at=NOON)
    assert received() == [ReceivedMessage(text.sid, ADA, FROM_NUMBER, "Hi", 0, "", NOON)]


def test_a_text_with_media_says_where_they_are(standin):
    text = standin.account.receive(ADA, "", at=NOON, num_media=2)
    [found] = received()
    assert found.num_media == 2
    assert found.media == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{text.sid}/Media.json"


def test_what_we_sent_is_left_out(standin):
    get_backend().send(ADA, "Hello", None)
    standin.account.messages[0].to = FROM_NUMBER
    standin.account.messages[0].sent_at = NOON
    assert received() == []


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=9))])
def test_the_list_starts_at_the_given_time_in_any_zone(standin, zone):
    standin.account.receive(ADA, "before", at=NOON - timedelta(seconds=1))
    standin.account.receive(ADA, "after", at=NOON)
    assert [text.body for text in received(NOON.astimezone(zone))] == ["after"]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        get_backend().received(datetime(2026, 7, 1))


def test_all_pages_are_read(standin, monkeypatch):
    monkeypatch.setattr(twilio, "LIST_LIMIT", 3)
    for number in range(7):
        standin.account.receive(ADA, str(number), at=NOON + timedelta(seconds=number))
    before = standin.requests
    assert [text.body for text in received()] == list("6543210")
    assert standin.requests - before == 3


def test_each_number_of_a_services_pool_is_asked(standin, settings):
    settings.TWILIO_FROM_NUMBER = ""
    settings.TWILIO_MESSAGING_SERVICE_SID = MESSAGING_SERVICE_SID
    standin.account.pool = ("+17205550101", "+17205550102")
    standin.account.short_codes = ("12345",)
    for to in ("+17205550101", "+17205550102", "12345", "+17205550199"):
        standin.account.receive(ADA, to, to=to, at=NOON)
    assert [text.to for text in received()] == ["+17205550101", "+17205550102", "12345"]


def test_a_number_in_the_pool_is_asked_once(standin, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = MESSAGING_SERVICE_SID
    standin.account.receive(ADA, "Hi", at=NOON)
    assert len(received()) == 1


def test_a_sender_that_is_a_name_gets_no_texts(standin, settings):
    settings.TWILIO_FROM_NUMBER = "PICNIC"
    assert received() == []
    assert standin.requests == 0


def test_wrong_credentials_are_refused(settings):
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(Refused) as refusal:
        received()
    assert refusal.value.code == 20003


@pytest.mark.parametrize("fault", [faults.server_error(), faults.dropped(accepted=True), faults.truncated()])
def test_an_unavailable_page_is_retried_later(standin, monkeypatch, fault):
    monkeypatch.setattr(twilio, "LIST_LIMIT", 2)
    for number in range(4):
        standin.account.receive(ADA, str(number), at=NOON)
    found = get_backend().received(NOON)
    next(found), next(found)
    standin.faults.next(fault)
    with pytest.raises(TryLater):
        next(found)
