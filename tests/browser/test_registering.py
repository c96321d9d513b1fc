"""Registering people for an event."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def picnic(site):
    site.run("shell", "-v", "0", "-c", "from contacts.models import Event; Event.objects.create(title='Picnic')")


def test_a_member_and_a_stranger_are_registered_in_four_clicks(page, site, add_members, picnic):
    add_members("Rosa Delgado", "Tara Lund")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Events", exact=True).click()
    page.get_by_role("link", name="Picnic", exact=True).click()
    field = page.get_by_role("combobox", name="Register somebody")
    field.click()
    page.keyboard.type("tara")
    expect(page.get_by_role("option", name="Tara Lund")).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("Tara Lund, (303) 555-0101")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Registered Tara Lund.")).to_be_visible()

    expect(field).to_be_focused()
    page.keyboard.type("Ana Ruiz 720 555 0142")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Registered Ana Ruiz.")).to_be_visible()
    rows = site.query("SELECT name, phone FROM event_registrations ORDER BY id")
    assert rows == [("Tara Lund", "+13035550101"), ("Ana Ruiz", "+17205550142")]
