import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AppUser
from contacts.models import SuppressedContact
from messaging.admin.permissions import SEND
from messaging.composing.audience import Audience
from messaging.error_codes import REMEDIES, classify
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
    assert 'value="Resend to 1…" aria-label="Resend to 1: Phone off or out of coverage"' in text
    assert "Resend to all 2…" in text
    assert "Review and decide" in text


def test_a_running_blast_offers_no_retry(make_log, make_delivery, show):
    log = make_log()
    make_delivery(log, "failed", error_code=30003)
    make_delivery(log)
    assert "Resend to" not in show(log)


def test_those_missed_are_grouped_by_reason_with_a_remedy(make_log, make_delivery, show):
    log = make_log(status="sent")
    for code in (30005, 30005, 21211, 30003):
        make_delivery(log, "undelivered", error_code=code)
    make_delivery(log, "skipped", skip_reason="opted_out")
    missed, skipped = re.findall(r'<ul class="missed">.*?</ul>', show(log))
    assert re.findall(r"<strong>(\d+)</strong> (.*?)</a> <span class=\"quiet\">(.*?)</span>", missed) == [
        ("3", "Wrong number or out of service", REMEDIES["wrong_number"].sentence),
        ("1", "Phone off or out of coverage", REMEDIES["phone_off"].sentence),
    ]
    assert re.findall(r"status=(\w+)#", missed) == ["wrong_number", "phone_off"]
    assert '<strong>1</strong> Opted out</a> <span class="quiet">They asked for no more texts.</span>' in skipped


def test_a_problem_of_ours_is_explained_in_twilios_terms(make_log, make_delivery, show):
    log = make_log(status="sent")
    make_delivery(log, "failed", error_code=30034)
    page = show(log)
    assert "Problem with our account or sender" in page
    assert classify(30034).sentence.replace("'", "&#x27;") in page


def test_resending_to_one_reason_reaches_only_those(make_log, make_delivery, manager_client):
    log = make_log(status="sent")
    off = make_delivery(log, "failed", error_code=30003)
    make_delivery(log, "failed", error_code=30008)
    make_delivery(log, "failed", error_code=21614)
    response = manager_client.post(address(log, "retry/failed/"), {"reason": "phone_off"}, follow=True)
    assert "1 person who didn’t get it" in response.content.decode()
    draft = Draft.objects.get()
    assert [row.pk for row in Audience.of_draft(draft).sources()[0]] == [off.pk]


def test_a_canceled_blast_can_be_resent_to_those_it_left_out(make_log, make_delivery, manager_client, show):
    log = make_log(status="sent", cancelled_at=timezone.now())
    left_out = make_delivery(log, "skipped", skip_reason="cancelled")
    make_delivery(log, "skipped", skip_reason="opted_out")
    assert "Resend to 1: Blast canceled" in show(log)
    manager_client.post(address(log, "retry/unreached/"), {"reason": "cancelled"})
    assert [row.pk for row in Audience.of_draft(Draft.objects.get()).sources()[0]] == [left_out.pk]


def test_people_resent_to_are_not_offered_again(make_log, make_delivery, show):
    log = make_log(status="sent")
    missed = make_delivery(log, "failed", error_code=30003)
    MessageLog.objects.filter(pk=log.pk).update(family=log.pk)
    resend = make_log(retry_of=log, family=log.pk)
    make_delivery(resend, "accepted", phone=missed.phone)
    page = show(log)
    assert "<strong>1</strong> Phone off" in page
    assert "Resend to" not in page


def test_users_who_may_not_send_see_no_button(finished, show, monkeypatch):
    monkeypatch.setattr(AppUser, "has_perm", lambda user, permission, obj=None: permission != SEND)
    page = show(finished)
    assert "Didn’t get it" in page
    assert "Resend to" not in page


@pytest.mark.parametrize("reason", ["nonsense", "no_mobile"])
def test_a_reason_that_nobody_can_be_resent_to_for_creates_no_draft(finished, manager_client, reason):
    response = manager_client.post(address(finished, "retry/failed/"), {"reason": reason}, follow=True)
    assert "There’s nobody left to resend this to." in response.content.decode()
    assert not Draft.objects.exists()


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
