from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery, MessageLog


@pytest.fixture
def make_log(db):
    def make(**fields):
        return MessageLog.objects.create(
            **{"message_body": "Picnic at six", "target": "community", "audience_name": "Community", **fields}
        )

    return make


@pytest.fixture
def page(admin_client):
    return lambda: admin_client.get("/admin/").content.decode()


def test_an_empty_site_says_how_to_begin(page):
    text = page()
    assert "No blast has been sent yet." in text
    assert "import a file" in text
    assert "Needs your attention" not in text


def test_a_running_blast_is_shown_with_its_progress(page, make_log):
    log = make_log(status="processing")
    for number, status in enumerate(["accepted", "accepted", "pending", "failed"]):
        Delivery.objects.create(message_log=log, phone=f"+1720555011{number}", status=status)
    text = page()
    assert "3 of 4 texted, 1 failed" in text
    assert 'data-again-in="2"' in text


def test_a_stopped_blast_needs_attention_with_its_reason(page, make_log):
    make_log(status="processing", paused_at=timezone.now(), stop_code=21606, stop_reason="Check the sender.")
    text = page()
    assert "Needs your attention" in text
    assert "Check the sender." in text


def test_people_in_doubt_need_a_decision_once_the_grace_period_is_over(page, make_log, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    log = make_log(status="sent")
    row = Delivery.objects.create(message_log=log, phone="+17205550110", status="unknown", claimed_at=timezone.now())
    assert "may not have got" not in page()
    Delivery.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - timedelta(minutes=31))
    assert "1 person may not have got the blast “Picnic at six”." in page()


def test_a_blast_that_nobody_takes_up_tells_to_start_the_worker(page, make_log):
    log = make_log(status="processing", created_at=timezone.now() - timedelta(minutes=2))
    Delivery.objects.create(message_log=log, phone="+17205550110")
    assert "manage.py worker" in page()


def test_texts_of_staff_are_escaped(page, make_log):
    make_log(
        message_body="<script>alert(1)</script>", status="processing", paused_at=timezone.now(), stop_reason="<b>"
    )
    text = page()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_who_may_not_see_blasts_sees_none(client, make_user, make_log):
    make_log(message_body="Picnic at six")
    client.force_login(make_user(role="nobody"))
    text = client.get("/admin/").content.decode()
    assert "Picnic at six" not in text
    assert "New blast" not in text


def test_the_dashboard_looks_at_no_more_rows_than_it_shows(admin_client, make_log, django_assert_max_num_queries):
    for _ in range(12):
        make_log(status="processing")
    with django_assert_max_num_queries(60):
        admin_client.get("/admin/")
