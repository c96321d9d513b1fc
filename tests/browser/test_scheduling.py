"""Scheduling in a browser with a running worker: schedule, edit, reschedule, cancel, and let one go out."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.phone import is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

COMPOSE = "/admin/messaging/messagelog/compose/"
SCHEDULED = "/admin/messaging/scheduledmessage/"
DENVER = ZoneInfo("America/Denver")


def noon_in(days):
    """Noon of a coming day in the site's zone, far from any clock change."""
    return (datetime.now(DENVER) + timedelta(days=days)).replace(hour=12, minute=0)


def fill_time(page, at):
    page.get_by_label("Date").fill(f"{at:%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill(f"{at:%H:%M}")


def go_to_confirmation(page, text):
    page.goto(COMPOSE)
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_label("Schedule", exact=True)).to_be_visible()


def schedule(page, text, at):
    go_to_confirmation(page, text)
    page.get_by_label("Schedule", exact=True).check()
    fill_time(page, at)
    page.get_by_role("button", name="Schedule").click()


def test_a_blast_is_scheduled_edited_rescheduled_and_canceled(page, site, add_members):
    add_members("Rosa Delgado", "Ann Lee")
    first, second = noon_in(3), noon_in(5)
    schedule(page, "Hi {first_name}, the picnic is on Saturday", first)
    expect(page.get_by_text("Scheduled. It goes out on")).to_contain_text(f"{first.day}, {first.year}, 12:00 PM")
    expect(page.locator("time.countdown").first).to_contain_text("in ")
    expect(page.get_by_text("Hi Rosa, the picnic is on Saturday")).to_be_visible()

    page.get_by_role("link", name="Edit…").click()
    page.get_by_label("Message").fill("Hi {first_name}, the picnic is on Sunday")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Hi Rosa, the picnic is on Sunday")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It goes out on")).to_be_visible()

    page.get_by_role("link", name="Reschedule…").click()
    fill_time(page, second)
    page.get_by_role("button", name="Reschedule").click()
    expect(page.get_by_text("Rescheduled. It goes out on")).to_contain_text(f"{second.day}, {second.year}, 12:00 PM")

    page.goto(SCHEDULED)
    row = page.get_by_role("row").filter(has_text="the picnic is on Sunday")
    expect(row).to_contain_text(f"{second.day}, {second.year}, 12:00 PM")
    expect(row).to_contain_text("2 people now")
    row.get_by_role("link").click()
    page.get_by_role("link", name="Don’t send…").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Don’t send…").click()
    page.get_by_role("button", name="Don’t send").click()
    expect(page.get_by_text("Canceled. Nobody will get it.")).to_be_visible()
    assert site.query("SELECT status FROM scheduled_messages") == [("cancelled",)]
    assert site.query("SELECT COUNT(*) FROM message_logs") == [(0,)]


def test_the_countdown_ticks_and_the_page_says_when_the_blast_has_gone_out(page, site, add_members):
    add_members("Rosa Delgado")
    schedule(page, "Hi {first_name}", noon_in(3))
    expect(page.get_by_text("Scheduled. It goes out on")).to_be_visible()
    site.run(
        "shell",
        "-v",
        "0",
        "-c",
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from messaging.models import ScheduledMessage\n"
        "ScheduledMessage.objects.update(scheduled_at=timezone.now() + timedelta(seconds=15))",
    )
    page.reload()
    expect(page.locator("time.countdown").first).to_have_text(re.compile("in [1-9] seconds?$"))
    page.get_by_role("link", name="See who got it").click()
    expect(page.locator(".progress-state")).to_have_text("Sent")
    assert site.query("SELECT COUNT(*) FROM deliveries WHERE sid != ''") == [(1,)]
    assert site.query("SELECT COUNT(*) FROM scheduled_messages WHERE processing_started_at < scheduled_at") == [(0,)]


def test_a_double_click_schedules_once_and_back_leads_to_it(page, site, add_members):
    add_members("Rosa Delgado")
    go_to_confirmation(page, "Hi {first_name}")
    confirmation = page.url
    page.get_by_label("Schedule", exact=True).check()
    fill_time(page, noon_in(3))
    page.get_by_role("button", name="Schedule").dblclick()
    expect(page.get_by_text("It goes out on")).to_be_visible()
    page.goto(confirmation)
    expect(page.get_by_text("This message is already scheduled")).to_be_visible()
    assert site.query("SELECT COUNT(*) FROM scheduled_messages") == [(1,)]


def test_a_time_that_occurs_twice_is_asked_about_even_without_javascript(open_page, site, add_members):
    add_members("Rosa Delgado")
    page = open_page(java_script_enabled=False)
    go_to_confirmation(page, "Hi {first_name}")
    page.get_by_label("Schedule", exact=True).check()
    fill_time(page, next_change_back())
    page.get_by_role("button", name="Schedule").click()
    question = page.get_by_role("group", name="happens twice")
    question.get_by_label("MST").check()
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("Scheduled. It goes out on")).to_contain_text("1:30 AM MST")
    assert site.query("SELECT COUNT(*) FROM scheduled_messages") == [(1,)]


def next_change_back():
    """The next 1:30 AM that occurs twice in Denver."""
    at = datetime.now(DENVER).replace(hour=1, minute=30, tzinfo=None) + timedelta(days=1)
    while at.replace(tzinfo=DENVER).utcoffset() == at.replace(tzinfo=DENVER, fold=1).utcoffset():
        at += timedelta(days=1)
    return at


def test_scheduling_works_on_a_phone(open_page, add_members):
    add_members("Rosa Delgado")
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)

    schedule(page, "Hi {first_name}, " + "supercalifragilistic" * 8, noon_in(3))
    expect(page.get_by_text("Scheduled. It goes out on")).to_be_visible()
    assert is_as_wide_as_the_phone(page)
    for name in ("Edit…", "Reschedule…", "Send now…", "Don’t send…"):
        page.get_by_role("link", name=name).click()
        expect(page.locator("input[type=submit]").first).to_be_visible()
        assert is_as_wide_as_the_phone(page)
        page.go_back()
    page.goto(SCHEDULED)
    assert is_as_wide_as_the_phone(page)
    page.goto("/admin/")
    expect(page.get_by_role("region", name="Scheduled")).to_contain_text("To Community")
    assert is_as_wide_as_the_phone(page)
