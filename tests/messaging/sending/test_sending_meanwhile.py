"""The sweep while a sender is writing, on PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery
from messaging.models.deliveries import Receipt
from tests.meanwhile import not_waiting_for, on_postgresql

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def test_a_call_whose_result_is_being_stored_is_not_considered_abandoned(make_member, start_blast, queue):
    for _ in range(3):
        make_member()
    log = start_blast()
    answered, *others = Delivery.objects.claim(log.pk, 3, timezone.now() - timedelta(minutes=5))

    def write():
        Delivery.objects.record([Receipt(answered.pk, "accepted", sid="SM" + "1" * 32, segments=1)])

    with not_waiting_for(write):
        assert log.deliveries.doubt_abandoned(timezone.now()) == len(others)
    states = dict(log.deliveries.values_list("pk", "status"))
    assert states == {answered.pk: "accepted"} | {row.pk: "unknown" for row in others}
