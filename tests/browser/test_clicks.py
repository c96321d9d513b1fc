"""How many clicks the usual tasks take after signing in. Typing a message doesn't count."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE_EVENT = """
from contacts.models import Event, EventRegistration
event = Event.objects.create(title="Picnic")
EventRegistration.objects.create(event=event, name="Zoe", phone="+17205550123")
"""
MAKE_FAILED = """
from django.utils import timezone
from messaging.models import Delivery, MessageLog
log = MessageLog.objects.create(
    message_body="The garden opens.", target="community", audience_name="Community", status="sent",
    finished_at=timezone.now(), total_recipients=2, success_count=1, failure_count=1,
)
Delivery.objects.create(message_log=log, phone="+13035550100", name="Rosa", status="delivered")
Delivery.objects.create(
    message_log=log, phone="+13035550101", name="Ann", status="failed", error_code=30003,
    error_message="The phone is switched off.",
)
"""


class Clicks:
    """Clicks on what is found by its role and name, counted."""

    def __init__(self, page):
        self.page = page
        self.count = 0

    def on(self, role, name):
        self.count += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()


@pytest.fixture
def clicks(page):
    return Clicks(page)


def test_a_blast_to_the_community_takes_three(page, clicks, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    clicks.on("link", "New blast")
    expect(page.get_by_label("Message")).to_be_focused()
    page.keyboard.type("The garden opens on Saturday.")
    clicks.on("button", "Review")
    clicks.on("button", "Send to 2 people")
    expect(page.get_by_text("Sending to 2 people.")).to_be_visible()
    assert clicks.count == 3


def test_a_blast_to_an_event_takes_four(page, clicks, site):
    site.run("shell", "-v", "0", "-c", MAKE_EVENT)
    clicks.on("link", "Events")
    clicks.on("link", re.compile("^Text registered people|^Text people"))
    expect(page.get_by_label("Message")).to_be_focused()
    page.keyboard.type("Bring a chair.")
    clicks.on("button", "Review")
    clicks.on("button", "Send to 1 person")
    expect(page.get_by_text("Sending to 1 person.")).to_be_visible()
    assert clicks.count == 4


def test_a_blast_for_sunday_morning_takes_five(page, clicks, site, add_members):
    add_members("Rosa Delgado")
    clicks.on("link", "New blast")
    expect(page.get_by_label("Message")).to_be_focused()
    page.keyboard.type("The garden opens at noon.")
    clicks.on("button", "Review")
    clicks.on("radio", "Schedule")
    expect(page.get_by_role("button", name="Send to")).to_be_hidden()
    sunday = page.get_by_role("link", name="Sunday 9 AM", exact=True)
    # On a Saturday, that is tomorrow.
    clicks.on("link", "Sunday 9 AM" if sunday.count() else "Tomorrow 9 AM")
    schedule = page.get_by_role("button", name="Schedule for Sun, ")
    expect(schedule).to_have_value(re.compile("9:00 AM$"))
    clicks.on("button", schedule.get_attribute("value"))
    expect(page.get_by_text("Scheduled. It goes out on")).to_be_visible()
    assert clicks.count == 5
    assert site.query("SELECT COUNT(*) FROM message_logs") == [(0,)]


def test_resending_to_those_who_did_not_get_it_takes_three(page, clicks, site, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    site.run("shell", "-v", "0", "-c", MAKE_FAILED)
    page.reload()
    clicks.on("link", "The garden opens.")
    expect(page.get_by_role("link", name="1 Phone off or out of coverage")).to_be_visible()
    clicks.on("button", "Resend to 1: Phone off or out of coverage")
    clicks.on("button", "Send to 1 person")
    expect(page.get_by_text("Resending to 1 person.")).to_be_visible()
    assert clicks.count == 3
