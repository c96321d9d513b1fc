"""Composing in a browser: the preview follows what you type, and Send sends once."""

import pytest
from playwright.sync_api import expect

from tests.browser.phone import is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

COMPOSE = "/admin/messaging/messagelog/compose/"


def test_the_preview_follows_what_you_type(page, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    page.goto(COMPOSE)
    page.get_by_label("Message").press_sequentially("Hi ")
    page.get_by_role("button", name="+ First name").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("Hi Rosa\nReply STOP to unsubscribe.")
    expect(preview).to_contain_text("Counts as 1 message, 126 characters left")
    expect(preview).to_contain_text("2 people")
    preview.get_by_role("button", name="Next").click()
    expect(preview).to_contain_text("Hi Ann")

    page.get_by_label("Message").fill("x" * 200)
    expect(preview).to_contain_text("2 messages")
    page.get_by_label("Message").fill("Hi {frist_name}")
    expect(preview).to_contain_text("{frist_name} is not a field.")


def test_people_without_a_value_are_left_out_by_a_click(page, site, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    site.run(
        "shell",
        *("-v", "0", "-c"),
        "from contacts import profile_values\n"
        "from contacts.models import CommunityMember, ProfileField\n"
        "grade = ProfileField.objects.create(key='grade', label='Grade')\n"
        "profile_values.set_value(grade, CommunityMember.objects.get(name='Ann Lee').phone, '5')",
    )
    page.goto(COMPOSE)
    page.get_by_label("Message").press_sequentially("You are in grade ")
    page.get_by_role("button", name="+ Grade").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("You are in grade 5\nReply STOP to unsubscribe.")
    expect(preview).to_contain_text("1 person has no Grade.")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("button", name="Send to 1 person")).to_be_disabled()
    page.get_by_role("button", name="Leave this person out").click()
    page.get_by_role("button", name="Send to 1 person").click()
    expect(page.get_by_role("link", name="1 No value for a field")).to_be_visible()


def test_curly_quotes_come_with_advice_and_one_click_replaces_them(page, add_members):
    add_members("Rosa Delgado")
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("It’s “on”")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("right single quotation mark: use '")
    expect(preview).to_contain_text("a message holds 70 characters instead of 160")
    preview.get_by_role("button", name="Replace them").click()
    expect(page.get_by_label("Message")).to_have_value('It\'s "on"')
    expect(preview).not_to_contain_text("instead of 160")


def test_an_event_is_found_by_typing(page, site):
    site.run(
        "shell",
        "-v",
        "0",
        "-c",
        "from contacts.models import Event, EventRegistration\n"
        "for title in ('Open day', 'Picnic'):\n"
        "    event = Event.objects.create(title=title)\n"
        "EventRegistration.objects.create(event=event, name='Zoe', phone='+17205550123')",
    )
    page.goto(COMPOSE)
    page.get_by_role("combobox", name="Add a group, event, audience or person").press_sequentially("picn")
    page.get_by_role("option", name="Picnic").click()
    page.get_by_label("Message", exact=True).fill("Hi {name}")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Hi Zoe")


def test_a_test_goes_to_ones_own_phone_and_the_words_stay(page, site, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    page.goto(COMPOSE)
    expect(page.get_by_label("Message")).to_be_focused()
    page.keyboard.type("Hi {first_name}")
    expect(page.locator(".main-bar")).to_contain_text("2 people · $0.02")
    own = page.get_by_label("Try it on your own phone")
    expect(own).to_have_value("(720) 555-0142")
    own.fill("12")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#test-result")).to_contain_text("12")
    expect(own).to_be_focused()
    own.fill("720 555 0143")
    own.press("Enter")
    expect(page.get_by_text("A test is on its way to (720) 555-0143.")).to_be_visible()
    expect(page.get_by_label("Message")).to_have_value("Hi {first_name}")
    assert site.query("SELECT phone, test_mode FROM deliveries JOIN message_logs l ON l.id = message_log_id") == [
        ("+17205550143", 1)
    ]


def test_a_double_click_on_send_makes_one_blast(page, site, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("Hi {first_name}")
    page.get_by_role("button", name="Review", exact=True).click()
    page.get_by_role("button", name="Send to 2 people").dblclick()
    expect(page.locator(".progress-state")).to_have_text("Sent")
    page.go_back()
    expect(page.locator(".progress-state, .messagelist")).not_to_have_count(0)
    assert site.query("SELECT COUNT(*) FROM message_logs") == [(1,)]
    assert site.query("SELECT COUNT(*) FROM deliveries WHERE sid != ''") == [(2,)]


def test_everything_works_without_javascript(open_page, site, add_members):
    add_members("Rosa Delgado")
    page = open_page(java_script_enabled=False)
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("It’s {first_name}")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("It’s Rosa")
    page.get_by_role("button", name="Replace it").click()
    expect(page.get_by_label("Message")).to_have_value("It's {first_name}")
    page.get_by_role("button", name="Review", exact=True).click()
    page.get_by_role("button", name="Send to 1 person").click()
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    assert site.query("SELECT COUNT(*) FROM message_logs") == [(1,)]


def test_composing_works_on_a_phone(open_page, add_members):
    add_members("Rosa Delgado")
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("Hi {first_name}, " + "supercalifragilistic" * 8)
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Hi Rosa")
    assert is_as_wide_as_the_phone(page)
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_role("button", name="Send to 1 person")).to_be_visible()
    assert is_as_wide_as_the_phone(page)
    page.get_by_role("button", name="Send to 1 person").click()
    expect(page.locator(".progress-state")).to_have_text("Sent")
    assert is_as_wide_as_the_phone(page)


def test_a_running_blast_is_paused_resumed_and_canceled(page, site, add_members):
    add_members("Rosa Delgado")
    site.run(
        "shell",
        "-v",
        "0",
        "-c",
        "from messaging.models import MessageLog, Delivery\n"
        "from django.utils import timezone\n"
        "log = MessageLog.objects.create(message_body='Hi', target='community', status='processing', "
        "paused_at=timezone.now())\n"
        "Delivery.objects.create(message_log=log, phone='+17205550123', name='Rosa')",
    )
    page.goto("/admin/messaging/messagelog/1/change/")
    expect(page.locator(".progress-state")).to_have_text("Paused")
    page.get_by_role("link", name="Don’t send the rest…").click()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("link", name="Don’t send the rest…").click()
    page.get_by_role("button", name="Don’t send the rest").click()
    expect(page.get_by_text("Canceled. 1 person won’t be texted")).to_be_visible()
