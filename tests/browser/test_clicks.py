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

    def press(self, key):
        """A key that stands for a click."""
        self.count += 1
        self.page.keyboard.press(key)


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


def test_answering_an_unread_text_takes_two(page, clicks, site, add_members, text_in):
    add_members("Rosa Delgado")
    text_in("+13035550100", "Is the hall open?")
    page.reload()
    clicks.on("link", "Rosa Delgado")
    expect(page.get_by_label("Reply")).to_be_focused()
    page.keyboard.type("Yes, come in!")
    clicks.on("button", "Send")
    expect(page.get_by_role("log")).to_contain_text("Yes, come in!")
    assert clicks.count == 2
    assert site.query("SELECT body FROM inbox_messages WHERE direction = 'outbound'") == [("Yes, come in!",)]


def test_take_me_off_takes_three(page, clicks, site, add_members, text_in):
    add_members("Rosa Delgado")
    text_in("+13035550100", "Can you take me off? Maybe after Easter")
    page.reload()
    expect(page.get_by_text("1 person may want to stop receiving texts.")).to_be_visible()
    clicks.on("link", "Decide")
    clicks.on("link", "Rosa Delgado")
    clicks.on("button", "Stop texting them")
    expect(page.get_by_text("Opted out. This number won’t get any more blasts or replies.")).to_be_visible()
    assert clicks.count == 3
    assert site.query("SELECT phone FROM unsubscribed_contacts") == [("+13035550100",)]


def test_finding_a_person_takes_two(page, clicks, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    clicks.press("Control+k")
    page.keyboard.type("rosa")
    expect(page.get_by_role("option", name="Rosa Delgado")).to_have_attribute("aria-selected", "true")
    clicks.press("Enter")
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
    assert clicks.count == 2


def test_adding_and_registering_somebody_takes_four(page, clicks, site):
    site.run("shell", "-v", "0", "-c", MAKE_EVENT)
    clicks.on("link", "Events")
    clicks.on("link", "Picnic")
    clicks.on("combobox", "Register somebody")
    page.keyboard.type("Ana Ruiz 720 555 0142")
    clicks.on("button", "Register")
    expect(page.get_by_text("Registered Ana Ruiz.")).to_be_visible()
    assert clicks.count == 4
    assert ("Ana Ruiz", "+17205550142") in site.query("SELECT name, phone FROM event_registrations")
