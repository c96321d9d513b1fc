from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import SuppressedContact
from messaging.models import Delivery, Draft, MessageLog

from .pages import address

LONG_AGO = timedelta(hours=2)


@pytest.fixture
def finished(make_log, make_delivery):
    """A finished blast: one soft failure, one dead number, one in doubt for long, one in doubt since just now."""
    log = make_log(status="sent", finished_at=timezone.now())
    log.soft = make_delivery(log, "failed", error_code=30003)
    log.dead = make_delivery(log, "failed", error_code=21614)
    log.old = make_delivery(log, "unknown", claimed_at=timezone.now() - LONG_AGO)
    log.new = make_delivery(log, "unknown", claimed_at=timezone.now())
    make_delivery(log, "delivered")
    return log


def test_the_page_offers_to_retry_people_the_blast_missed(finished, show):
    text = show(finished)
    assert "Retry 1 temporary failure…" in text
    assert "Resend to all 2…" in text
    assert "Review and decide" in text


def test_a_running_blast_offers_no_retry(make_log, make_delivery, show):
    log = make_log()
    make_delivery(log, "failed", error_code=30003)
    make_delivery(log)
    assert "who failed for the moment" not in show(log)


def test_retrying_leads_to_a_confirmation_with_only_those_people(finished, manager_client):
    response = manager_client.post(address(finished, "retry/failed/"), follow=True)
    assert "1 person not reached" in response.content.decode()
    draft = Draft.objects.get()
    assert (draft.retry_of, draft.retry_whom, draft.message_body) == (finished, "failed", finished.message_body)
    assert not MessageLog.objects.exclude(pk=finished.pk).exists()


def test_get_requests_retry_nobody(finished, manager_client):
    assert manager_client.get(address(finished, "retry/failed/")).status_code == 405
    assert not Draft.objects.exists()


@pytest.mark.parametrize("whom", ["failed", "nonsense"])
def test_without_anyone_to_retry_no_draft_is_created(make_log, manager_client, whom):
    log = make_log(status="sent")
    response = manager_client.post(address(log, f"retry/{whom}/"), follow=True)
    assert "There’s nobody left to resend this to." in response.content.decode()
    assert not Draft.objects.exists()


def test_the_doubt_page_lists_deliveries_to_review(finished, show):
    text = show(finished, "doubt/")
    assert f'value="{finished.old.pk}"' in text
    assert f'value="{finished.new.pk}"' not in text
    assert finished.new.name in text


def test_resending_needs_a_decision_by_staff(finished, manager_client):
    page = address(finished, "doubt/")
    response = manager_client.post(page, {"delivery": [finished.old.pk], "send_again": "1"}, follow=True)
    assert "Resending to 1 person." in response.content.decode()
    assert Delivery.objects.get(pk=finished.old.pk).status in {"pending", "accepted"}


def test_nobody_can_be_resent_to_before_the_grace_period_is_over(finished, manager_client):
    manager_client.post(address(finished, "doubt/"), {"delivery": [finished.new.pk], "send_again": "1"})
    assert Delivery.objects.get(pk=finished.new.pk).status == "unknown"


def test_closing_keeps_the_unknown_outcome_and_stops_asking(finished, manager_client, show):
    page = address(finished, "doubt/")
    manager_client.post(page, {"delivery": [finished.old.pk, "nonsense"], "leave": "1"})
    row = Delivery.objects.get(pk=finished.old.pk)
    assert (row.status, row.is_left) == ("unknown", True)
    assert "Review and decide" not in show(finished)


@pytest.mark.parametrize("page", ["retry/failed/", "doubt/"])
def test_users_who_may_not_send_decide_nothing(finished, client, make_user, page):
    client.force_login(make_user(role="nobody"))
    assert client.post(address(finished, page), {"delivery": [finished.old.pk], "leave": "1"}).status_code == 403
    assert not Draft.objects.exists()
    assert not Delivery.objects.get(pk=finished.old.pk).is_left


def test_recording_opt_outs_from_old_blasts_is_an_action_for_admins(finished, admin_client, manager_client):
    data = {"action": "learn_from_failures", "_selected_action": [finished.pk]}
    manager_client.post("/admin/messaging/messagelog/", data)
    assert not SuppressedContact.objects.exists()
    response = admin_client.post("/admin/messaging/messagelog/", data, follow=True)
    assert "Checked 2 failures." in response.content.decode()
    assert SuppressedContact.objects.get().phone == finished.dead.phone
