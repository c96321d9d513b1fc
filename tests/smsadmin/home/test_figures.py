"""The figures of the home page, and how they are drawn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils import timezone

from contacts.models import CommunityMember, UnsubscribedContact
from smsadmin.home import figures
from smsadmin.lib import drawing

NOON = datetime(2026, 11, 20, 19, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


def sent_and_delivered(month):
    return {column.day.day: (column.sent, column.delivered) for column in month.busy_days}


def test_texts_are_summed_by_the_days_of_the_site(make_log):
    # In Denver, two in the morning UTC is still the evening before.
    for hours, numbers in ((0, (10, 2, 7)), (1, (5, 0, 5)), (-17, (3, 1, 2))):
        successes, failures, delivered = numbers
        make_log(
            created_at=NOON + timedelta(hours=hours),
            success_count=successes,
            failure_count=failures,
            delivered_count=delivered,
        )
    month = figures.month(NOON)
    assert sent_and_delivered(month) == {20: (17, 12), 19: (4, 2)}
    assert (month.sent, month.delivered) == (21, 14)


def test_thirty_days_are_shown_and_the_last_is_today(make_log):
    for days in (0, 29, 30):
        make_log(created_at=NOON - timedelta(days=days), success_count=1)
    month = figures.month(NOON)
    assert len(month.columns) == 30
    assert month.columns[-1].day.isoformat() == "2026-11-20"
    assert month.sent == 2


def test_the_cost_is_that_of_the_calendar_month(make_log, settings):
    settings.SMS_PRICE_PER_SEGMENT = Decimal("0.01")
    make_log(created_at=NOON - timedelta(days=18), segment_count=150)
    make_log(created_at=NOON - timedelta(days=21), segment_count=5_000)
    month = figures.month(NOON)
    assert (month.cost, month.segments) == ("$1.50", 150)


@pytest.mark.parametrize(("segments", "price"), [(0, "0.01"), (150, "0")])
def test_a_cost_that_nobody_knows_is_not_said(make_log, settings, segments, price):
    settings.SMS_PRICE_PER_SEGMENT = Decimal(price)
    make_log(created_at=NOON, success_count=5, segment_count=segments)
    assert figures.month(NOON).cost == ""


def test_a_month_that_began_more_than_thirty_days_ago_is_counted_whole(make_log, settings):
    settings.SMS_PRICE_PER_SEGMENT = Decimal("0.01")
    make_log(created_at=datetime(2026, 12, 1, 12, tzinfo=UTC), success_count=1, segment_count=100)
    month = figures.month(datetime(2026, 12, 31, 20, tzinfo=UTC))
    assert (month.cost, month.sent) == ("$1.00", 0)


def test_people_are_counted_who_can_be_texted_who_joined_and_who_opted_out(
    make_member, make_unsubscribed, make_suppressed, make_phone
):
    members = [make_member() for _ in range(5)]
    CommunityMember.objects.filter(pk=members[0].pk).update(created_at=timezone.now() - timedelta(days=31))
    make_unsubscribed(phone=members[0].phone)
    make_suppressed(phone=members[0].phone)
    make_suppressed(phone=members[1].phone)
    make_suppressed(phone=members[2].phone, category="soft_fail")
    long_gone = make_unsubscribed(phone=make_phone())
    UnsubscribedContact.objects.filter(pk=long_gone.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert figures.people() == figures.People(reachable=3, joined=4, opted_out=1)


def test_a_short_list_is_counted_each_time_and_a_long_one_not(make_member, monkeypatch):
    make_member()
    assert figures.people().reachable == 1
    make_member()
    assert figures.people().reachable == 2
    monkeypatch.setattr(figures, "CACHED_FROM", 3)
    make_member()
    assert figures.people().reachable == 3
    make_member()
    assert figures.people().reachable == 3


def test_the_parts_of_a_bar_fill_it_and_none_that_is_there_is_invisible():
    parts = drawing.stack([("a", "first", 1_000_000), ("b", "second", 0), ("c", "third", 1)])
    assert [(part.kind, part.count) for part in parts] == [("a", 1_000_000), ("c", 1)]
    assert parts[1].width > 0
    assert sum(part.width for part in parts) == drawing.BAR_WIDTH
    assert parts[1].x == parts[0].width


def test_a_bar_of_nothing_has_no_parts():
    assert drawing.stack([("a", "first", 0)]) == []


def test_the_highest_column_is_as_high_as_the_chart_and_a_single_text_can_be_seen():
    day = NOON.date()
    low, high, none = drawing.columns([(day, 1, 0), (day, 1_000_000, 500_000), (day, 0, 0)])
    assert (high.sent_height, high.delivered_height, high.sent_y) == (60, 30, 0)
    assert low.sent_height > 0
    assert none.sent_height == 0


def test_the_chart_has_a_table_for_screen_readers(page, make_log):
    make_log(status="sent", success_count=1_200, delivered_count=1_100)
    text = page()
    assert "<caption>Texts sent and delivered, by day</caption>" in text
    assert "<td>1,200</td><td>1,100</td>" in text
