"""The setup checklist: what the system finds of each step, and its buttons."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AppUser, Organization
from accounts.security_events import SecurityEvent
from contacts.models import CommunityMember
from messaging.backends import AccountReport, Refused, TryLater
from messaging.models import Delivery, InboxThread
from smsadmin.home import setup
from smsadmin.lib.daily_hours import DailyHours
from smsadmin.models import LegacyRow, Setup

ACCOUNT = "AC" + "0123456789abcdef" * 2
URL = "https://sms.example.org/webhooks/twilio/inbound#rc=3&rp=ct,rt,5xx"


@pytest.fixture
def bare(settings, db):
    """An installation with nothing set."""
    settings.ORGANIZATION_NAME = settings.ORGANIZATION_CONTACT = ""
    settings.APP_TIMEZONE = "UTC"
    settings.ADMIN_TEST_PHONE = ""
    settings.PUBLIC_BASE_URL = ""
    return settings


@pytest.fixture
def connected(settings, db):
    """Real texts would be sent, as far as the pages can tell; the backend is the one of tests."""
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_FROM_NUMBER = "+17205550100"
    settings.SECURE_SSL_REDIRECT = False
    settings.SMS_BACKEND = "tests.smsadmin.home.twilio_like.TwilioLikeBackend"
    return settings


def step(name, user=None):
    """The step as `user` sees it; by default, someone who has never tested anything."""
    return next(step for step in setup.checklist(user or AppUser(pk=0)).steps if step.name == name)


def test_nothing_is_done_at_first(bare):
    checklist = setup.checklist(AppUser(pk=0))
    assert checklist.done == 0
    assert not checklist.can_be_dismissed


def test_the_organization_needs_a_name_and_a_contact(bare):
    bare.ORGANIZATION_NAME = "Riverside Pantry"
    assert "Enter your contact:" in step("Organization").sentence
    bare.ORGANIZATION_CONTACT = "720-555-0123"
    assert step("Organization").is_done


def test_the_time_zone_is_done_once_it_is_another_than_utc(bare):
    bare.APP_TIMEZONE = "America/Denver"
    assert step("Time zone").is_done


def test_what_was_entered_on_the_page_organization_counts(bare):
    Organization.objects.create(name="Riverside Pantry", contact="720-555-0123", time_zone="UTC")
    assert step("Organization").sentence == "Automatic replies come from Riverside Pantry, 720-555-0123."
    assert step("Time zone").is_done


@pytest.mark.parametrize(
    ("hours", "is_decided"), [(None, False), (DailyHours(), True), (DailyHours.read("21:00-08:00"), True)]
)
def test_quiet_hours_are_done_once_somebody_decided(bare, hours, is_decided):
    bare.QUIET_HOURS = hours
    assert step("Quiet hours").is_done == is_decided


def test_quiet_hours_are_said_in_words(bare):
    bare.QUIET_HOURS = DailyHours.read("21:00-08:00")
    assert step("Quiet hours").sentence == "Nobody is texted from 9:00 PM to 8:00 AM by their own clock."


def test_what_is_open_leads_to_the_page_where_it_is_entered(bare, admin_client):
    for name in ("Organization", "Time zone", "Test phone"):
        assert not step(name).is_done
        assert admin_client.get(step(name).url).status_code == 200


def test_the_test_phone_is_the_users_own(bare, make_user):
    assert step("Test phone", make_user(test_phone="+17205550142")).sentence == "Tests go to (720) 555-0142."
    assert not step("Test phone", make_user()).is_done


def test_people_are_counted(bare, make_member):
    make_member()
    assert step("People").sentence == "1 person in the community."


def test_a_test_is_done_once_it_is_reported_as_delivered(bare, make_log):
    assert "Once there is a test phone" in step("Test").sentence
    bare.ADMIN_TEST_PHONE = "+17205550199"
    assert step("Test phone").is_done
    assert step("Test").verb == "Send a test"
    log = make_log(test_mode=True, status="sent")
    row = Delivery.objects.create(message_log=log, phone="+17205550199", status="sent")
    assert not step("Test").is_done
    Delivery.objects.filter(pk=row.pk).update(status="delivered")
    assert step("Test").is_done


def test_a_colleague_is_a_second_user_who_can_sign_in(bare, make_user):
    make_user()
    make_user(is_active=False)
    assert not step("Colleagues").is_done
    make_user()
    assert step("Colleagues").is_done


def test_without_twilio_there_is_no_webhook_to_set(bare):
    assert not step("Twilio").is_done
    assert not step("Incoming texts").url


def test_a_site_without_a_public_address_says_so(connected):
    connected.PUBLIC_BASE_URL = ""
    assert "PUBLIC_BASE_URL" in step("Incoming texts").sentence


def receive_text(make_phone, payload):
    thread = InboxThread.objects.create(phone=make_phone())
    return thread.messages.create(phone=thread.phone, direction="inbound", body="Hi", raw_payload=payload)


def test_a_text_from_twilio_shows_that_the_webhook_is_set(connected, make_phone):
    receive_text(make_phone, '{"From": "+19915550100"}')
    assert not step("Incoming texts").is_done
    receive_text(make_phone, f'{{"AccountSid": "{ACCOUNT}"}}')
    assert step("Incoming texts").is_done


def test_a_text_that_was_moved_in_shows_nothing(connected, make_phone):
    text = receive_text(make_phone, f'{{"AccountSid": "{ACCOUNT}"}}')
    LegacyRow.objects.create(table="inbox_messages", old_id=1, stamp="", new_id=text.pk)
    assert not step("Incoming texts").is_done


def test_a_webhook_set_to_another_address_does_not_count(connected):
    setup.note_webhook(URL)
    assert step("Incoming texts").is_done
    connected.PUBLIC_BASE_URL = "https://new.example.org"
    assert not step("Incoming texts").is_done


def test_a_webhook_that_may_be_missing_needs_attention_once_texts_are_sent(connected, page, make_log):
    assert "Twilio may not forward incoming texts" not in page()
    make_log(status="sent")
    assert "Twilio may not forward incoming texts" in page()
    setup.note_webhook(URL)
    assert "Twilio may not forward incoming texts" not in page()


def test_only_admins_hear_of_a_webhook_that_may_be_missing(connected, manager_client, make_log):
    make_log(status="sent")
    assert "Twilio may not forward incoming texts" not in manager_client.get("/admin/").content.decode()


# The button ---------------------------------------------------------------------------------------------------


def test_the_button_has_twilio_forward_texts_here(connected, locmem, admin_client):
    response = admin_client.post("/admin/setup/webhook/", follow=True)
    assert locmem.forwarded_to == URL
    assert "Twilio now forwards incoming texts to this site." in response.content.decode()
    assert Setup.objects.get().webhook_url == URL
    event = SecurityEvent.objects.filter(event_type="webhook_set").get()
    assert (event.outcome, event.username, event.metadata) == ("success", "ann", {"url": URL})


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Refused(20003, "Authenticate"), "Twilio rejects the credentials (code 20003)."),
        (Refused(21502, "no"), "Twilio refuses it (code 21502)."),
        (TryLater("It hung up."), "Twilio cannot be reached: It hung up."),
    ],
)
def test_a_webhook_that_could_not_be_set_is_told_in_a_sentence(connected, locmem, admin_client, trouble, sentence):
    locmem.account = trouble
    text = admin_client.post("/admin/setup/webhook/", follow=True).content.decode()
    assert f"The webhook was not set. {sentence}" in text
    assert not Setup.objects.exists()
    assert SecurityEvent.objects.get(event_type="webhook_set").outcome == "failure"


def test_in_practice_mode_no_webhook_is_set(locmem, admin_client):
    text = admin_client.post("/admin/setup/webhook/", follow=True).content.decode()
    assert "Connect Twilio first" in text
    assert locmem.forwarded_to == ""
    assert not SecurityEvent.objects.filter(event_type="webhook_set").exists()


def test_without_a_public_address_no_webhook_is_set(connected, locmem, admin_client):
    connected.PUBLIC_BASE_URL = ""
    assert "Set PUBLIC_BASE_URL" in admin_client.post("/admin/setup/webhook/", follow=True).content.decode()
    assert locmem.forwarded_to == ""


@pytest.mark.parametrize("page", ["webhook", "dismiss"])
def test_the_buttons_are_for_admins(connected, locmem, manager_client, page):
    assert manager_client.post(f"/admin/setup/{page}/").status_code == 403
    assert manager_client.get("/admin/setup/").status_code == 403
    assert locmem.forwarded_to == ""
    assert not Setup.objects.exists()


@pytest.mark.parametrize("page", ["webhook", "dismiss"])
def test_the_buttons_take_a_post_with_the_token_of_the_form(connected, locmem, admin_user, page):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.get(f"/admin/setup/{page}/").status_code == 405
    assert client.post(f"/admin/setup/{page}/").status_code == 403
    assert locmem.forwarded_to == ""


def test_looking_at_the_checklist_asks_nobody(connected, locmem, admin_client):
    locmem.account = AssertionError("Twilio was asked.")
    assert "Set the webhook" in admin_client.get("/admin/setup/").content.decode()
    assert "Set the webhook" in admin_client.get("/admin/").content.decode()


# Putting it away ----------------------------------------------------------------------------------------------


@pytest.fixture
def complete(connected, make_member, make_log):
    """All that is required is done."""
    connected.ORGANIZATION_NAME, connected.ORGANIZATION_CONTACT = "Riverside Pantry", "720-555-0123"
    make_member()
    setup.note_webhook(URL)
    log = make_log(test_mode=True, status="sent")
    Delivery.objects.create(message_log=log, phone="+17205550199", status="delivered")


def test_a_complete_checklist_can_be_put_away(complete, admin_client, page):
    assert "Hide this checklist" in page()
    assert admin_client.post("/admin/setup/dismiss/").url == "/admin/"
    assert "Set up SMS Admin" not in page()
    assert "Incoming texts" in admin_client.get("/admin/setup/").content.decode()


def test_what_is_optional_may_be_left_open(complete, connected):
    connected.APP_TIMEZONE = "UTC"
    checklist = setup.checklist(AppUser(pk=0))
    assert checklist.done < len(checklist.steps)
    assert checklist.can_be_dismissed


def test_an_incomplete_checklist_stays(complete, admin_client, page):
    CommunityMember.objects.all().delete()
    assert "Hide this checklist" not in page()
    assert "Some steps are still open." in admin_client.post("/admin/setup/dismiss/", follow=True).content.decode()
    assert "Set up SMS Admin" in page()


def test_the_first_blast_ends_it_and_a_test_does_not(make_log, page):
    make_log(test_mode=True, status="sent")
    assert "Set up SMS Admin" in page()
    make_log(status="sent", created_at=timezone.now())
    assert "Set up SMS Admin" not in page()


def test_the_account_is_asked_nothing_else(connected, locmem, admin_client):
    locmem.account = AccountReport(status="suspended")
    admin_client.post("/admin/setup/webhook/")
    assert locmem.forwarded_to == URL
    assert locmem.outbox == []
