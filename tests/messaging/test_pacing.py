import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging import pacing
from messaging.models import Pace

NOW = 1_800_000_000.0


@pytest.fixture
def rate(settings):
    def set_rate(per_second):
        settings.SMS_RATE_PER_SECOND = per_second

    return set_rate


def slots(reservation):
    return [reservation.slot(index) for index in range(reservation.count)]


def most_within(times, seconds):
    """The largest number of `times` that lie within any window of that length."""
    times = sorted(times)
    most = start = 0
    for end, moment in enumerate(times):
        while times[start] <= moment - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def test_without_a_rate_nobody_waits(db, rate):
    rate(0)
    reservation = pacing.reserve(50, NOW)
    assert slots(reservation) == [NOW] * 50


def test_slots_are_spread_evenly(db, rate):
    rate(20)
    reservation = pacing.reserve(5, NOW)
    assert [round(slot - NOW, 3) for slot in slots(reservation)] == [0.0, 0.05, 0.1, 0.15, 0.2]


def test_the_next_sender_starts_where_the_last_one_ends(db, rate):
    rate(20)
    pacing.reserve(5, NOW)
    assert pacing.reserve(5, NOW).starts_at == pytest.approx(NOW + 0.25)


def test_a_batch_is_at_most_a_quarter_of_a_second(db, rate):
    rate(20)
    assert pacing.reserve(50, NOW).count == 5
    rate(1)
    assert pacing.reserve(50, NOW).count == 1


def test_time_that_passed_unused_is_not_made_up_for(db, rate):
    rate(10)
    pacing.reserve(2, NOW)
    assert pacing.reserve(2, NOW + 60).starts_at == pytest.approx(NOW + 60)


def test_a_clock_that_was_set_back_stops_nobody(db, rate):
    rate(10)
    pacing.reserve(2, NOW + 86_400)
    assert pacing.reserve(2, NOW).starts_at == pytest.approx(NOW)


def test_the_row_makes_itself(db, rate):
    rate(10)
    Pace.objects.all().delete()
    pacing.reserve(1, NOW)
    assert Pace.objects.count() == 1


class AnyNumberOfSenders(TestCase):
    @given(
        per_second=st.sampled_from([1, 3, 10, 47, 225]),
        senders=st.lists(st.integers(1, 50), min_size=1, max_size=10),
    )
    @hypothesis_settings(max_examples=6)
    def test_add_up_to_the_rate(self, per_second, senders):
        """Each sender reserves again as soon as its last slot has come, for 20 simulated seconds."""
        Pace.objects.all().delete()
        with self.settings(SMS_RATE_PER_SECOND=per_second):
            times, ready = [], [NOW] * len(senders)
            while min(ready) < NOW + 20:
                turn = ready.index(min(ready))
                reserved = slots(pacing.reserve(senders[turn], ready[turn]))
                times += reserved
                ready[turn] = max(reserved[-1], ready[turn])
        assert most_within(times, 10) <= max(10 * per_second * 1.05, 10 * per_second + 1)
        used = sum(NOW + 5 <= moment < NOW + 15 for moment in times)
        assert used >= 0.9 * 10 * per_second
