"""Checks of an account and its sender through Twilio's API."""

from datetime import UTC, datetime, timedelta

import pytest

from messaging.backends import AccountReport, Refused, TryLater, get_backend
from messaging.backends.locmem import LocmemBackend
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, MESSAGING_SERVICE_SID, TwilioStandin

INBOUND = "https://sms.example.org/webhooks/twilio/inbound"


@pytest.fixture(autouse=True)
def twilio(settings):
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_FROM_NUMBER = FROM_NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    with TwilioStandin() as server:
        settings.TWILIO_API_BASE_URL = server.url
        server.account.inbound_url = INBOUND
        yield server


@pytest.fixture
def service(settings):
    """Sends with only a Messaging Service."""
    settings.TWILIO_FROM_NUMBER = ""
    settings.TWILIO_MESSAGING_SERVICE_SID = MESSAGING_SERVICE_SID
    return settings


def report():
    return get_backend().check_account()


def problems():
    return [problem for problem, _ in report().sender_problems]


def test_a_good_account_has_no_problem(twilio):
    found = report()
    assert (found.status, found.is_trial, found.is_sender_asked, found.sender_problems) == ("active", False, True, ())
    assert found.inbound_url == INBOUND


def test_nothing_is_sent(twilio):
    report()
    assert twilio.messages == []


def test_the_servers_clock_is_read(twilio):
    twilio.clock_ahead = timedelta(hours=1)
    ahead = report().server_time - datetime.now(UTC)
    assert timedelta(minutes=59) < ahead < timedelta(minutes=61)


def test_wrong_credentials_are_refused(settings):
    settings.TWILIO_AUTH_TOKEN = "another-token"
    with pytest.raises(Refused) as caught:
        report()
    assert caught.value.code == 20003


def test_a_server_that_hangs_up_means_try_later(twilio):
    twilio.hang_up = True
    with pytest.raises(TryLater):
        report()


def test_a_suspended_trial_account(twilio):
    twilio.account.status, twilio.account.type = "suspended", "Trial"
    assert (report().status, report().is_trial) == ("suspended", True)


def test_a_number_not_in_the_account(settings):
    settings.TWILIO_FROM_NUMBER = "+17205550177"
    assert problems() == ["TWILIO_FROM_NUMBER isn't a number of this account."]


def test_a_number_that_cannot_text(twilio):
    twilio.account.can_text = False
    assert problems() == ["TWILIO_FROM_NUMBER can't send texts."]


def test_a_number_without_a_webhook(twilio):
    twilio.account.inbound_url = ""
    assert report().inbound_url == ""


def test_a_service_with_a_sender(service):
    found = report()
    assert (found.sender_problems, found.inbound_url) == ((), INBOUND)


def test_a_service_not_in_the_account(service):
    service.TWILIO_MESSAGING_SERVICE_SID = "MG" + "1" * 32
    assert problems() == ["TWILIO_MESSAGING_SERVICE_SID isn't a Messaging Service of this account."]


def test_a_service_without_a_sender(service, twilio):
    twilio.account.pool = ()
    assert problems() == ["The Messaging Service has no sender."]


def test_a_number_outside_the_service(service, twilio):
    service.TWILIO_FROM_NUMBER = "+15005550006"
    assert problems() == ["TWILIO_FROM_NUMBER isn't in the Messaging Service's sender pool."]


def test_a_service_that_defers_inbound_texts_to_its_numbers(service, twilio):
    twilio.account.use_inbound_webhook_on_number = True
    assert report().inbound_url is None


def test_an_alphanumeric_sender_cannot_be_checked(settings):
    settings.TWILIO_FROM_NUMBER = "EXAMPLE ORG"
    assert report().is_sender_asked is False


def test_the_test_backend_responds_as_told(settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    LocmemBackend.account = TryLater("No connection.")
    with pytest.raises(TryLater):
        report()
    LocmemBackend.reset()
    assert report() == AccountReport()


def test_the_simulators_account_has_no_problems(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    assert report().status == "active"


def test_a_number_forwards_texts_where_it_is_told_to(twilio):
    twilio.account.inbound_url, twilio.account.sms_application_sid = "https://elsewhere.example", "AP" + "0" * 32
    assert get_backend().forward_texts(INBOUND) is None
    assert (twilio.account.inbound_url, twilio.account.inbound_method) == (INBOUND, "POST")
    assert report().inbound_url == INBOUND


def test_a_service_forwards_texts_where_it_is_told_to(service, twilio):
    twilio.account.inbound_url, twilio.account.use_inbound_webhook_on_number = "", True
    assert get_backend().forward_texts(INBOUND) is None
    assert twilio.account.inbound_method == "POST"
    assert report().inbound_url == INBOUND


def test_a_number_that_the_account_has_not_forwards_nothing(settings, twilio):
    settings.TWILIO_FROM_NUMBER = "+17205550177"
    problem, _ = get_backend().forward_texts("https://elsewhere.example")
    assert problem == "TWILIO_FROM_NUMBER isn't a number of this account."
    assert twilio.account.inbound_url == INBOUND


def test_a_service_that_the_account_has_not_forwards_nothing(service, twilio):
    service.TWILIO_MESSAGING_SERVICE_SID = "MG" + "1" * 32
    problem, _ = get_backend().forward_texts("https://elsewhere.example")
    assert problem == "TWILIO_MESSAGING_SERVICE_SID isn't a Messaging Service of this account."


def test_the_webhook_of_a_sender_that_is_no_number_is_set_by_hand(settings):
    settings.TWILIO_FROM_NUMBER = "EXAMPLE ORG"
    _, remedy = get_backend().forward_texts(INBOUND)
    assert INBOUND in remedy


def test_forwarding_with_wrong_credentials_is_refused(settings):
    settings.TWILIO_AUTH_TOKEN = "another-token"
    with pytest.raises(Refused) as caught:
        get_backend().forward_texts(INBOUND)
    assert caught.value.code == 20003
