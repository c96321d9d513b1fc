from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.models import Pace
from messaging.sending import pacing
from tests.conftest import examples

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped(monkeypatch):
    """time.monotonic() is 0, so that slots are in seconds after the reservation."""
    monkeypatch.setattr(pacing.time, "monotonic", lambda: 0.0)


@pytest.fixture
def rate(settings):
    def set_rate(per_second):
        settings.SMS_RATE_PER_SECOND = per_second

    return set_rate


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def slots(reservation):
    return [reservation.slot(index) for index in range(reservation.count)]


def most_within(times, seconds):
    """The largest number of `times` within any window of that length."""
    times = sorted(times)
    most = start = 0
    for end, moment in enumerate(times):
        while times[start] <= moment - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def test_without_a_rate_nobody_waits(db, rate):
    rate(0)
    assert slots(pacing.reserve(50, now=NOW)) == [0.0] * 50


def test_slots_are_spread_evenly(db, rate):
    rate(20)
    first, *others = slots(pacing.reserve(5, now=NOW))
    assert [round(slot - first, 3) for slot in others] == [0.05, 0.1, 0.15, 0.2]


def test_the_next_sender_starts_where_the_last_one_ends(db, rate):
    rate(20)
    first = pacing.reserve(5, now=NOW)
    assert pacing.reserve(5, now=NOW).starts_at == pytest.approx(first.starts_at + 0.25)


def test_a_batch_is_at_most_a_quarter_of_a_second(db, rate):
    rate(20)
    assert pacing.reserve(50, now=NOW).count == 5
    rate(1)
    assert pacing.reserve(50, now=after(1)).count == 1


def test_unused_time_is_not_made_up_for(db, rate):
    rate(10)
    pacing.reserve(2, now=NOW)
    assert pacing.reserve(2, now=after(60)).starts_at == pytest.approx(0, abs=0.01)


def test_a_slightly_late_text_does_not_delay_the_next_one(db, rate):
    rate(0.01)
    first = pacing.reserve(1, now=NOW).starts_at
    late = pacing.reserve(1, now=after(first + 103)).starts_at
    assert late == pytest.approx(-3)
    assert pacing.reserve(1, now=after(first + 200)).count == 1


def test_a_distant_slot_is_returned_but_not_reserved(db, rate):
    rate(0.01)
    first = pacing.reserve(1, now=NOW).starts_at
    early = pacing.reserve(1, now=after(10))
    assert early.count == 0
    assert early.starts_at == pytest.approx(first + 90)
    assert pacing.reserve(1, now=after(first + 99.5)).count == 1


def test_asking_too_early_delays_nobody(db, rate):
    rate(0.05)
    first = pacing.reserve(1, now=NOW).starts_at
    for second in range(19):
        assert pacing.reserve(1, now=after(second)).count == 0
    assert slots(pacing.reserve(1, now=after(first + 20))) == pytest.approx([0], abs=0.001)


def test_a_reply_can_reserve_a_slot_before_any_blast(db, rate):
    rate(0.05)
    first = pacing.reserve(1, now=NOW).starts_at
    earlier = after(first + 20 - pacing.REPLY_AHEAD_SECONDS)
    assert pacing.reserve(1, now=earlier).count == 0
    assert pacing.reserve(1, ahead=pacing.REPLY_AHEAD_SECONDS, now=earlier).count == 1
    assert pacing.reserve(1, now=after(first + 20)).count == 0


def test_a_returned_slot_goes_to_the_next_sender(db, rate):
    rate(0.05)
    reservation = pacing.reserve(1, now=NOW)
    pacing.give_back(reservation)
    assert slots(pacing.reserve(1, now=NOW)) == slots(reservation)


def test_part_of_a_batch_can_be_returned(db, rate):
    rate(20)
    reservation = pacing.reserve(5, now=NOW)
    pacing.give_back(reservation, 3)
    assert pacing.reserve(5, now=NOW).starts_at == pytest.approx(reservation.slot(2))


def test_slots_that_others_reserved_since_stay_theirs(db, rate):
    rate(20)
    first, second = pacing.reserve(5, now=NOW), pacing.reserve(5, now=NOW)
    pacing.give_back(first)
    assert pacing.reserve(5, now=NOW).starts_at == pytest.approx(second.slot(5))


@pytest.mark.parametrize("per_second", [0.01, 10])
@pytest.mark.parametrize("seconds", [-3600, -86_400, 3600])
def test_a_changed_clock_stops_nobody(db, rate, per_second, seconds):
    rate(per_second)
    pacing.reserve(2, now=NOW)
    assert pacing.reserve(2, now=after(seconds)).starts_at <= 0


def test_the_row_is_created_when_missing(db, rate):
    rate(10)
    Pace.objects.all().delete()
    assert pacing.reserve(1, now=NOW).count == 1
    assert Pace.objects.count() == 1


class AnyNumberOfSenders(TestCase):
    @given(
        per_second=st.sampled_from([0.01, 0.05, 0.5, 1, 3, 10, 47, 225]),
        senders=st.lists(st.integers(1, 50), min_size=1, max_size=10),
        slices=st.floats(2.0, 10.0),
    )
    @examples(quick=4, thorough=12)
    def test_senders_together_keep_the_rate(self, per_second, senders, slices):
        """Each reserves again once its last slot has come, or when it was told to; each slice begins anew."""
        Pace.objects.all().delete()
        lasts = max(20, 10 / per_second)
        with self.settings(SMS_RATE_PER_SECOND=per_second):
            times, ready = [], [0.0] * len(senders)
            ends = [slices * (1 + turn / 10) for turn in range(len(senders))]
            while min(ready) < lasts:
                turn = ready.index(min(ready))
                now = ready[turn]
                if now >= ends[turn]:
                    # The queue takes a moment to run it again.
                    ready[turn], ends[turn] = now + 0.1, now + 0.1 + slices
                    continue
                found = pacing.reserve(senders[turn], now=after(now))
                begun = [max(0.0, slot) + now for slot in slots(found)]
                times += begun
                asks_at = now + found.starts_at - pacing.AHEAD_SECONDS
                ready[turn] = max(now + 0.001, begun[-1] if begun else asks_at)
        window = max(10, 5 / per_second)
        assert most_within(times, window) <= max(window * per_second * 1.05, window * per_second + 1)
        used = sum(lasts / 4 <= moment < lasts for moment in times)
        assert used >= 0.9 * 0.75 * lasts * per_second - 1
