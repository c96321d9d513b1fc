"""Before the click: who is texted at once, and who when."""

from datetime import UTC, datetime

import pytest

from contacts.models import Profile
from messaging.composing.audience import Audience
from messaging.scheduling import forecasts
from smsadmin.lib.daily_hours import DailyHours

EVENING = datetime(2026, 12, 2, 3, tzinfo=UTC)  # 8 PM in Denver, 10 PM in New York
MORNING_IN_NEW_YORK = datetime(2026, 12, 2, 13, tzinfo=UTC)
EVERYONE = Audience("community")


@pytest.fixture(autouse=True)
def people(settings, make_member, make_unsubscribed):
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")
    for phone in ("+17205550101", "+17205550102", "+12125550101", "+12125550102", "+12125550103"):
        make_member(phone=phone)
    make_unsubscribed(phone="+12125550103")


def test_people_are_counted_by_the_time_at_which_they_can_be_texted():
    assert forecasts.forecast(EVERYONE, EVENING) == forecasts.Forecast(2, ((MORNING_IN_NEW_YORK, 2),))


def test_the_profile_counts_before_the_number():
    Profile.objects.create(phone="+12125550101", time_zone="America/Los_Angeles")
    Profile.objects.create(phone="+17205550101", name="No zone of her own")
    assert forecasts.forecast(EVERYONE, EVENING) == forecasts.Forecast(3, ((MORNING_IN_NEW_YORK, 1),))


def test_everybody_can_be_texted_when_the_last_can():
    assert forecasts.everyone_from(EVERYONE, EVENING) == datetime(2026, 12, 2, 15, tzinfo=UTC)


def test_without_quiet_hours_everybody_is_texted_at_once(settings):
    settings.QUIET_HOURS = DailyHours.read("")
    assert forecasts.forecast(EVERYONE, EVENING) == forecasts.Forecast(4)
    assert forecasts.everyone_from(EVERYONE, EVENING) == EVENING


def test_a_test_is_not_held():
    assert not forecasts.forecast(Audience("community", test_phone="+12125550199"), EVENING).is_split
