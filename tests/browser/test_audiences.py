"""Audiences in a browser: built from conditions, counted while they are built, and texted."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.phone import SIZE, is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / ".venv/axe-core/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
FIND_FAULTS = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then((result) =>
    result.violations.flatMap((rule) => rule.nodes.map((node) => [rule.id, node.html.slice(0, 200)])))"""
COMPOSE = "/admin/messaging/messagelog/compose/"
AUDIENCES = "/admin/messaging/savedaudience/"
# Four in grade 5, one of whom is registered for Picnic; a choir of three, of whom Zoe drives.
SCHOOL = """
from contacts.models import CommunityMember, Event, EventRegistration, Group, GroupMember, ProfileField
from contacts.profile_values import set_value
grade = ProfileField.objects.create(key="grade", label="Grade", kind="number")
picnic, _ = [Event.objects.create(title=title) for title in ("Picnic", "Open day")]
choir, drivers = [Group.objects.create(name=name) for name in ("Choir", "Drivers")]
for number, name in enumerate(["Ada", "Bea", "Cleo", "Dora", "Emmy", "Zoe"]):
    phone = f"+1303555010{number}"
    CommunityMember.objects.create(name=name, phone=phone)
    set_value(grade, phone, "5" if number < 4 else "6")
EventRegistration.objects.create(event=picnic, name="Ada", phone="+13035550100")
for name, phone in (("Emmy", "+13035550104"), ("Zoe", "+13035550105"), ("Wim", "+13035550106")):
    GroupMember.objects.create(group=choir, name=name, phone=phone)
GroupMember.objects.create(group=drivers, name="Zoe", phone="+13035550105")
"""


@pytest.fixture
def school(site):
    site.run("shell", "-v", "0", "-c", SCHOOL)


def find_faults(page):
    """axe-core's findings on the page as it is now."""
    if not AXE.exists():
        pytest.skip("axe-core is missing: make axe installs it with npm")
    page.evaluate(AXE.read_text())
    return page.evaluate(FIND_FAULTS, TAGS)


def choose(page, field, typed, option):
    """Find something by typing in a field, and choose it."""
    page.get_by_role("combobox", name=field).press_sequentially(typed)
    page.get_by_role("option", name=option).click()


def phones_sent(site):
    return [phone for (phone,) in site.query("SELECT phone FROM deliveries ORDER BY phone")]


def build_fifth_graders(page):
    """Grade 5, not registered for Picnic: built, but not saved."""
    page.goto(f"{AUDIENCES}add/")
    page.get_by_label("Name", exact=True).fill("Grade 5, not registered for Picnic")
    first = page.get_by_role("group", name="Condition 1")
    first.get_by_label("Condition", exact=True).select_option(label="Grade")
    first.get_by_label("Value").fill("5")
    page.get_by_role("button", name="+ Condition: None of these").click()
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Condition", exact=True).select_option(label="Registered for the event")
    second.get_by_role("combobox", name="Event").press_sequentially("picn")
    second.get_by_role("option", name="Picnic").click()


def test_an_audience_is_built_counted_saved_and_texted(page, site, school):
    build_fifth_graders(page)
    preview = page.get_by_role("region", name="Who is in it now")
    expect(preview).to_contain_text("Grade is 5, not registered for Picnic")
    expect(preview).to_contain_text("3 people")
    expect(preview).to_contain_text("Bea")
    expect(preview).not_to_contain_text("Ada")
    page.get_by_role("button", name="Save and text").click()

    expect(page.get_by_role("checkbox", name="Grade 5, not registered for Picnic")).to_be_checked()
    expect(page.locator(".main-bar")).to_contain_text("3 people")
    page.get_by_label("Message", exact=True).fill("Hi {first_name}")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_text("To 3 people: Grade 5, not registered for Picnic.")).to_be_visible()
    page.get_by_role("button", name="Send to 3 people").click()
    expect(page.locator(".progress-state")).to_have_text("Sent")
    assert phones_sent(site) == ["+13035550101", "+13035550102", "+13035550103"]
    assert site.query("SELECT audience_name FROM message_logs") == [("Grade 5, not registered for Picnic",)]


def test_a_blast_to_a_group_and_an_event_but_not_to_another_group(page, site, school):
    page.goto(COMPOSE)
    to = "Add a group, event, audience or person"
    choose(page, to, "choi", "Choir")
    # Nobody chose the community, which stands there to begin with.
    expect(page.get_by_role("checkbox", name="Everyone in the community")).to_have_count(0)
    choose(page, to, "picn", "Picnic")
    page.get_by_text("Leave people out").click()
    choose(page, "Leave out a group, event, audience or person", "driv", "Drivers")
    page.get_by_label("Message", exact=True).fill("Hi {first_name}")
    expect(page.locator(".main-bar")).to_contain_text("3 people")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_text("To 3 people: Choir and Picnic, not Drivers.")).to_be_visible()
    page.get_by_role("button", name="Send to 3 people").click()
    expect(page.locator(".progress-state")).to_have_text("Sent")
    assert phones_sent(site) == ["+13035550100", "+13035550104", "+13035550106"]


def test_a_choice_is_saved_as_an_audience_with_the_keyboard(page, site, school):
    page.goto(COMPOSE)
    field = page.get_by_role("combobox", name="Add a group, event, audience or person")
    field.press_sequentially("choi")
    expect(page.get_by_role("option", name="Choir")).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    field.press_sequentially("303-555-0100")
    expect(page.get_by_role("option", name="Ada")).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    page.get_by_text("Save this choice as an audience").click()
    name = page.get_by_label("Name of the audience")
    name.fill("Singers and Ada")
    name.press("Enter")
    expect(page.get_by_text("Saved as “Singers and Ada”.")).to_be_visible()
    assert site.query("SELECT name FROM audiences") == [("Singers and Ada",)]


def test_a_chip_is_removed_and_an_empty_to_is_refused(page, school):
    page.goto(COMPOSE)
    page.get_by_label("Message", exact=True).fill("Hi")
    page.get_by_role("checkbox", name="Everyone in the community").press("Space")
    expect(page.get_by_role("checkbox", name="Everyone in the community")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Add a group, event, audience or person")).to_be_focused()
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.locator(".errorlist")).to_have_text("Choose who gets the message.")


def test_an_audience_is_built_without_javascript(open_page, site, school):
    page = open_page(java_script_enabled=False)
    page.goto(f"{AUDIENCES}add/")
    page.get_by_label("Name", exact=True).fill("Not singing")
    page.get_by_label("Condition", exact=True).select_option(label="In the community")
    page.get_by_role("button", name="+ Condition: None of these").click()
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Condition", exact=True).select_option(label="In the group")
    second.get_by_role("button", name="Choose").click()
    second.get_by_label("Group").select_option(label="Choir")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("region", name="Who is in it now")).to_contain_text("4 people")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved the audience “Not singing”.")).to_be_visible()


def test_people_are_chosen_without_javascript(open_page, site, school):
    page = open_page(java_script_enabled=False)
    page.goto(COMPOSE)
    page.get_by_role("checkbox", name="Everyone in the community").press("Space")
    page.locator("select[name=to]").select_option(label="Choir")
    page.get_by_label("Message", exact=True).fill("Hi")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_text("To 3 people: Choir.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_building_and_choosing_work_on_a_phone_and_for_everyone(open_page, school, theme):
    page = open_page(viewport=SIZE, color_scheme=theme, has_touch=True)
    build_fifth_graders(page)
    page.get_by_role("combobox", name="Event").click()
    expect(page.get_by_role("option", name="Open day")).to_be_visible()
    assert is_as_wide_as_the_phone(page)
    assert find_faults(page) == []
    page.get_by_role("combobox", name="Event").press("Escape")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved the audience")).to_be_visible()
    expect(page.get_by_text("3 people", exact=True)).to_be_visible()
    assert is_as_wide_as_the_phone(page)
    assert find_faults(page) == []

    page.goto(COMPOSE)
    choose(page, "Add a group, event, audience or person", "grade", "Grade 5")
    page.get_by_role("combobox", name="Add a group, event, audience or person").click()
    expect(page.get_by_role("option", name="Choir")).to_be_visible()
    assert is_as_wide_as_the_phone(page)
    assert find_faults(page) == []
