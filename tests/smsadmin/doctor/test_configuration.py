from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.backends import AccountReport, Refused, TryLater, reset
from messaging.backends.locmem import LocmemBackend
from smsadmin.doctor import configuration

from .conftest import findings, notes, on_postgresql, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(settings):
    """Sets the provider's response."""
    settings.PUBLIC_BASE_URL = "https://sms.example.org"

    def say(answer=None, **report):
        LocmemBackend.account = answer or AccountReport(**report)

    yield say
    LocmemBackend.reset()
    reset()


def test_settings_that_agree_are_fine():
    assert problems("settings.agree") == []


def test_settings_that_contradict_each_other_are_found(settings):
    settings.DEBUG = True
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    [sentence] = problems("settings.agree")
    assert "DEBUG is on although the site is public" in sentence
    assert sentence.endswith("(smsadmin.W007).")


def test_a_sending_installation_gets_the_deployment_checks(settings):
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    settings.PUBLIC_BASE_URL = "http://sms.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    assert any("PUBLIC_BASE_URL is not https" in sentence for sentence in problems("settings.agree"))


@on_postgresql
def test_the_clock_of_the_database_is_compared():
    assert "This machine's clock matches the database server's." in [
        finding.sentence for finding in findings("clock.agrees")
    ]


@pytest.mark.parametrize(("hours", "word"), [(1, "behind"), (-1, "ahead of")])
def test_clocks_that_differ_are_found(hours, word):
    finding = configuration.compare_clocks(timedelta(hours=hours), "the database server's")
    assert finding.sentence == f"This machine's clock is 1 hour {word} the database server's."


def test_rows_from_the_future_are_found(make_log):
    make_log(created_at=timezone.now() + timedelta(hours=5, minutes=1))
    [sentence] = problems("clock.agrees")
    assert sentence == "message_logs has a row from 5 hours in the future: one machine's clock is wrong."


def test_a_working_account_is_reported(account):
    account(inbound_url="https://sms.example.org/webhooks/twilio/inbound", server_time=timezone.now())
    assert problems("online.twilio") == notes("online.twilio") == []


def test_the_account_is_not_checked_if_texts_are_simulated(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    [finding] = findings("online.twilio")
    assert "simulated" in finding.sentence


def test_wrong_credentials_are_found(account):
    account(Refused(20003, "Authenticate"))
    assert problems("online.twilio") == ["Twilio rejects the credentials (code 20003)."]


def test_an_unreachable_twilio_is_found(account):
    account(TryLater("The connection could not be made."))
    assert problems("online.twilio") == ["Twilio cannot be reached: The connection could not be made."]


def test_a_suspended_account_and_a_bad_sender_are_found(account):
    account(status="suspended", sender_problems=(("The number cannot text.", "Buy another one."),))
    assert problems("online.twilio") == ["Twilio says the account is suspended.", "The number cannot text."]


def test_a_trial_account_is_noted(account):
    account(is_trial=True)
    [sentence] = notes("online.twilio")
    assert "trial account" in sentence


@pytest.mark.parametrize(
    ("url", "words"),
    [("", "doesn't forward incoming texts"), ("https://old.example.org/sms", "to an address other than")],
)
def test_inbound_texts_that_go_elsewhere_are_found(account, url, words):
    account(inbound_url=url)
    [sentence] = problems("online.twilio")
    assert words in sentence


def test_a_clock_that_differs_from_twilios_is_found(account):
    account(server_time=timezone.now() + timedelta(minutes=10, seconds=1))
    [sentence] = problems("online.twilio")
    assert sentence == "This machine's clock is 10 minutes behind Twilio's."
