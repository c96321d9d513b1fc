"""`manage.py catch_up`."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging.backends import ReceivedMessage, TryLater
from messaging.models import InboxMessage

from .inbound_texts import sid

pytestmark = pytest.mark.django_db


def missed(locmem, phone, body, **ago):
    at = timezone.now() - timedelta(**ago)
    locmem.incoming.append(ReceivedMessage(sid(), phone, "+17205550100", body, 0, "", at))


def run(capsys, *arguments):
    call_command("catch_up", *arguments)
    return capsys.readouterr().out.strip()


def refused(*arguments):
    with pytest.raises(CommandError) as refusal:
        call_command("catch_up", *arguments)
    return str(refusal.value)


def test_it_says_how_many_were_taken_in_opted_out_and_late(locmem, capsys):
    missed(locmem, "+17205550123", "STOP", hours=1)
    missed(locmem, "+17205550124", "Hello", hours=1)
    missed(locmem, "+17205550125", "Hello", minutes=1)
    assert run(capsys) == (
        "3 texts were missing and are now in the inbox. 1 person has opted out. "
        "2 texts arrived too late for an automatic reply."
    )


def test_it_says_that_no_text_was_missing(capsys):
    assert run(capsys) == "No text was missing."


def test_since_is_in_the_organizations_zone(locmem, capsys, settings):
    settings.APP_TIMEZONE = "America/Denver"
    missed(locmem, "+17205550123", "Hello", days=20)
    a_month_ago = timezone.localtime() - timedelta(days=30)
    assert "1 text was missing" in run(capsys, "--since", f"{a_month_ago:%Y-%m-%d %H:%M}")
    assert InboxMessage.objects.count() == 1


@pytest.mark.parametrize("when", ["yesterday", "2026-12-01", "", "99999-01-01 10:00"])
def test_a_time_that_is_none_is_refused(when):
    assert "isn’t a date and time. Enter it like 2026-12-01 18:30." in refused("--since", when)


def test_a_time_in_the_future_is_refused():
    assert "is in the future" in refused("--since", "2126-12-01 18:30")


def test_it_says_that_it_is_turned_off(settings):
    settings.INBOUND_CATCH_UP_HOURS = 0
    assert "INBOUND_CATCH_UP_HOURS=0" in refused()


def test_it_says_that_texts_are_simulated(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    assert "simulated" in refused()


def test_it_says_why_the_list_cannot_be_read(locmem):
    locmem.incoming = TryLater("Twilio is under maintenance.")
    assert "can't be read: Twilio is under maintenance. Nothing was taken in." in refused()
