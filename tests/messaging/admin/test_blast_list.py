"""The list of blasts."""

import re

import pytest
from django.utils import timezone

from messaging.models import Delivery, MessageLog

from .pages import BLASTS

Status = Delivery.Status


def test_the_list_shows_the_status_of_each_blast(manager_client, make_log, make_delivery):
    now = timezone.now()
    running = make_log(message_body="A")
    make_delivery(running)
    make_delivery(running, Status.DELIVERED)
    make_log(message_body="B", paused_at=now)
    make_log(message_body="C", paused_at=now, stop_code=20003, stop_reason="Wrong credentials.")
    make_log(message_body="D", status="sent", cancelled_at=now)
    make_log(message_body="E", status="sent")
    make_log(message_body="F", status="failed")
    page = manager_client.get(BLASTS).content.decode()
    states = re.findall(r'<td data-label="Status" class="field-state">(.*?)</td>', page)
    assert '<span class="note">Wrong credentials.</span>' in page
    assert states == ["Failed", "Sent", "Canceled", "Stopped", "Paused", "Sending 50%"]


def test_the_list_counts_recipients_reached_failed_and_skipped(manager_client, make_log, make_delivery):
    log = make_log(status="sent", total_recipients=1_004, success_count=1_000, failure_count=3)
    make_delivery(log, Status.SKIPPED, skip_reason="opted_out")
    page = manager_client.get(BLASTS).content.decode()
    counts = [re.search(rf'field-{name}">(.*?)<', page)[1] for name in ("recipients", "reached", "failed", "skipped")]
    assert counts == ["1,004", "1,000", "3", "1"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("sending", "A"), ("paused", "B"), ("stopped", "C"), ("cancelled", "D"), ("sent", "E"), ("failed", "F")],
)
def test_the_list_can_be_filtered_by_status(manager_client, make_log, state, expected):
    now = timezone.now()
    make_log(message_body="A")
    make_log(message_body="B", paused_at=now)
    make_log(message_body="C", paused_at=now, stop_code=20003, stop_reason="Wrong credentials.")
    make_log(message_body="D", status="sent", cancelled_at=now)
    make_log(message_body="E", status="sent")
    make_log(message_body="F", status="failed")
    found = manager_client.get(BLASTS, {"state": state}).context["cl"].result_list
    assert [log.message_body for log in found] == [expected]


def test_the_list_is_searched_by_text_and_narrowed_to_a_target(manager_client, make_log):
    make_log(message_body="The picnic is on")
    make_log(message_body="The picnic moves", target="event")
    make_log(message_body="Snow!")

    def found(**query):
        return [log.message_body for log in manager_client.get(BLASTS, query).context["cl"].result_list]

    assert found(q="picnic") == ["The picnic moves", "The picnic is on"]
    assert found(target__exact="event") == ["The picnic moves"]


def test_the_list_costs_the_same_number_of_queries_for_many_blasts(
    manager_client, make_log, django_assert_max_num_queries
):
    for _ in range(40):
        make_log(status="sent")
    with django_assert_max_num_queries(9):
        manager_client.get(BLASTS)


def test_the_list_links_to_a_new_blast(manager_client, db):
    page = manager_client.get(BLASTS).content.decode()
    assert 'href="/admin/messaging/messagelog/compose/"' in page
    assert "/messagelog/add/" not in page


def test_unfinished_blasts_among_the_selected_keep_all_from_being_deleted(admin_client, make_log):
    logs = [make_log(), make_log(status="sent")]
    data = {"action": "delete_selected", "_selected_action": [log.pk for log in logs], "post": "yes"}
    page = admin_client.post(BLASTS, data).content.decode()
    assert "still sending. Choose “Don’t send the rest” first." in page
    assert MessageLog.objects.count() == 2
