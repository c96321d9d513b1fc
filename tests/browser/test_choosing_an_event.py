"""The field that finds one event among many."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE_EVENTS = """
from contacts.models import Event
for title in ("Open day", "Picnic"):
    Event.objects.create(title=title)
"""


@pytest.fixture
def field(page, site):
    site.run("shell", "-v", "0", "-c", MAKE_EVENTS)
    page.goto("/admin/contacts/eventregistration/add/")
    return page.get_by_role("combobox", name="Event")


def test_the_keyboard_alone_chooses_one(page, site, field):
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option")).to_have_text(["Picnic", "Open day"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Open day")
    expect(page.get_by_role("option")).to_have_count(0)
    page.get_by_label("Phone").fill("720 555 0142")
    page.keyboard.press("Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert site.query("SELECT event_id FROM event_registrations") == [(1,)]


def test_half_a_title_leaves_the_last_choice(page, field):
    field.fill("picn")
    page.get_by_role("option", name="Picnic").click()
    field.fill("pic")
    field.blur()
    expect(field).to_have_value("Picnic")


def test_an_emptied_field_is_no_choice(page, field):
    field.fill("picn")
    page.get_by_role("option", name="Picnic").click()
    field.fill("")
    field.blur()
    expect(field).to_have_value("")
    page.get_by_label("Phone").fill("720 555 0142")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This field is required.")).to_be_visible()


def test_without_javascript_the_latest_are_offered(open_page, site):
    site.run("shell", "-v", "0", "-c", MAKE_EVENTS)
    page = open_page(java_script_enabled=False)
    page.goto("/admin/contacts/eventregistration/add/")
    page.get_by_label("Event").select_option("Picnic")
    page.get_by_label("Phone").fill("720 555 0142")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
