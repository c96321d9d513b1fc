"""Nobody is texted within quiet hours by their own clock; nobody else waits for them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import organization
from accounts.models import Organization
from contacts.models import Profile
from messaging.models import Delivery, MessageLog, SenderSlot
from messaging.models.deliveries import DeliveryQuerySet
from messaging.scheduling import quiet_hours, sweep
from messaging.sending import dispatch, progress, staleness
from smsadmin.lib import shared_clock
from smsadmin.lib.daily_hours import DailyHours

DENVER, NEW_YORK = "+17205550101", "+12125550101"
# In North America, toll-free numbers may be anywhere.
ANYWHERE = "+18005550100"


@pytest.fixture
def clock(monkeypatch):
    """Sets the time that senders go by: a local time in Denver."""

    def set_to(text):
        now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Denver"))
        monkeypatch.setattr(shared_clock, "now", lambda: now)
        return now

    return set_to


@pytest.fixture(autouse=True)
def night(settings):
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")


def sent_to(locmem):
    return sorted(phone for phone, *_ in locmem.outbox)


@pytest.fixture
def blast(make_member, start_blast, queue):
    def make(*phones):
        for phone in phones:
            make_member(phone=phone)
        return start_blast("Hello")

    return make


def test_those_within_quiet_hours_wait_and_the_others_do_not(blast, queue, locmem, clock):
    clock("2026-12-01 20:00")
    log = blast(DENVER, NEW_YORK)
    dispatch.nudge(log)
    queue.run()
    log.refresh_from_db()
    assert sent_to(locmem) == [DENVER]
    waiting = log.deliveries.get(phone=NEW_YORK)
    assert waiting.status == "pending"
    assert waiting.not_before == datetime(2026, 12, 2, 13, tzinfo=UTC)
    assert log.status == "processing"


def test_they_get_it_when_their_hours_are_over(blast, queue, locmem, clock):
    clock("2026-12-01 20:00")
    log = blast(DENVER, NEW_YORK)
    dispatch.nudge(log)
    queue.run()
    clock("2026-12-02 05:59")
    sweep.sweep()
    queue.run()
    assert sent_to(locmem) == [DENVER]
    clock("2026-12-02 06:00")
    SenderSlot.objects.update(leased_until=None)
    sweep.sweep()
    queue.run()
    log.refresh_from_db()
    assert (sent_to(locmem), log.status) == ([NEW_YORK, DENVER], "sent")


def test_while_everyone_waits_the_sender_rests(blast, queue, locmem, clock, monkeypatch):
    clock("2026-12-01 23:00")
    log = blast(DENVER, NEW_YORK)
    claim, asked = DeliveryQuerySet.claim, []
    monkeypatch.setattr(DeliveryQuerySet, "claim", lambda *args, **how: asked.append(args) or claim(*args, **how))
    dispatch.nudge(log)
    queue.run()
    assert locmem.outbox == []
    assert len(asked) <= log.slots.count()


def test_the_profile_beats_the_number(blast, queue, locmem, clock):
    Profile.objects.create(phone=DENVER, time_zone="Pacific/Honolulu")
    clock("2026-12-01 23:00")
    log = blast(DENVER, NEW_YORK)
    dispatch.nudge(log)
    queue.run()
    assert sent_to(locmem) == [DENVER]


def test_a_number_of_several_zones_waits_for_all_of_them(db, clock):
    now = clock("2026-12-01 08:30")
    held = quiet_hours.hold([Delivery(pk=1, phone=ANYWHERE)], now)
    # Before 8 AM in Guam, where the day begins at 3 PM in Denver.
    assert held == {1: datetime(2026, 12, 1, 22, tzinfo=UTC)}


def test_zones_without_a_common_time_follow_the_site(db, settings, clock):
    settings.QUIET_HOURS = DailyHours.read("10:00-08:00")
    now = clock("2026-12-01 12:00")
    zones = (ZoneInfo("America/Denver"), ZoneInfo("Europe/Berlin"))
    assert quiet_hours.first_allowed(settings.QUIET_HOURS, zones, now) == settings.QUIET_HOURS.ends_at(
        now, organization.zone()
    )


def test_hours_that_begin_in_mid_blast_hold_who_is_left(blast, queue, locmem, clock):
    log = blast(DENVER, "+17205550102", "+17205550103")
    clock("2026-12-01 20:59")
    rows = Delivery.objects.claim(log.pk, 1, find_holds=quiet_hours.hold)
    clock("2026-12-01 21:00")
    assert Delivery.objects.claim(log.pk, 5, find_holds=quiet_hours.hold) == []
    assert [row.phone for row in rows] == [DENVER]
    assert log.deliveries.held(shared_clock.now()).count() == 2


@pytest.mark.parametrize("flag", ["test_mode", "ignores_quiet_hours"])
def test_tests_and_what_an_admin_sends_anyway_are_not_held(blast, queue, locmem, clock, flag):
    clock("2026-12-01 23:00")
    log = blast(DENVER)
    MessageLog.objects.filter(pk=log.pk).update(**{flag: True})
    dispatch.nudge(log)
    queue.run()
    assert sent_to(locmem) == [DENVER]


def test_opting_out_while_waiting_counts(blast, queue, locmem, clock, make_unsubscribed):
    clock("2026-12-01 23:00")
    log = blast(DENVER)
    dispatch.nudge(log)
    queue.run()
    make_unsubscribed(phone=DENVER)
    clock("2026-12-02 08:00")
    SenderSlot.objects.update(leased_until=None)
    sweep.sweep()
    queue.run()
    assert (locmem.outbox, log.deliveries.get().skip_reason) == ([], "opted_out")


def test_a_night_of_waiting_is_not_a_blast_left_alone(blast, queue, locmem, clock):
    clock("2026-12-01 22:00")
    log = blast(DENVER)
    MessageLog.objects.update(created_at=shared_clock.now())
    dispatch.nudge(log)
    queue.run()
    now = clock("2026-12-02 08:30")
    SenderSlot.objects.update(leased_until=None)
    log.refresh_from_db()
    assert staleness.find_idle(log) is None
    assert staleness.find_idle(log, now + timedelta(hours=3)) is not None


def test_the_progress_says_who_waits_until_when(blast, queue, clock, monkeypatch):
    now = clock("2026-12-01 20:00")
    log = blast(DENVER, NEW_YORK, "+12125550102")
    dispatch.nudge(log)
    queue.run()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    seen = progress.progress(log)
    assert seen.held == ((datetime(2026, 12, 2, 13, tzinfo=UTC), 2),)
    assert seen.seconds_left is None


def test_the_zone_of_the_page_organization_counts_where_nothing_is_known(settings, db):
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")
    Organization.objects.create(time_zone="Europe/Berlin")
    late = datetime(2026, 12, 1, 23, tzinfo=ZoneInfo("Europe/Berlin"))
    assert quiet_hours.counts_from(late) == datetime(2026, 12, 2, 7, tzinfo=UTC)


SUNDAY_AT_10 = datetime(2026, 12, 6, 10, tzinfo=ZoneInfo("America/Denver"))


def test_weekdays_can_be_stricter(db):
    Organization.objects.create(quiet_weekdays={"6": ["12:00", "21:00"]})
    zones = (ZoneInfo("America/Denver"),)
    assert quiet_hours.first_allowed(quiet_hours.hours(), zones, SUNDAY_AT_10) == SUNDAY_AT_10 + timedelta(hours=2)


def test_weekdays_are_not_looser(db):
    Organization.objects.create(quiet_weekdays={"6": ["05:00", "23:00"]})
    zones = (ZoneInfo("America/Denver"),)
    early = SUNDAY_AT_10 - timedelta(hours=4)
    assert quiet_hours.first_allowed(quiet_hours.hours(), zones, early) == SUNDAY_AT_10 - timedelta(hours=2)


def test_hours_of_weekdays_that_now_leave_no_time_at_all_do_not_apply(settings, db):
    Organization.objects.create(quiet_weekdays={str(day): ["05:00", "07:00"] for day in range(7)})
    assert quiet_hours.hours() == settings.QUIET_HOURS
