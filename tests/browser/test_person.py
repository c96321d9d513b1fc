"""A person's page: from a list to everything known, a new field, an opt-out taken back, and erasing."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_field_is_defined_filled_in_and_the_person_erased(page, site, add_members):
    add_members("Tara Lund")
    page.goto("/admin/contacts/profilefield/add/")
    page.get_by_label("Label").fill("T-shirt Größe")
    expect(page.get_by_label("Key")).to_have_value("t_shirt_grosse")
    page.get_by_label("Kind").select_option("Choice")
    page.get_by_label("Choices").fill("Small\nLarge")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="T-shirt Größe", exact=True).first).to_be_visible()

    page.goto("/admin/contacts/communitymember/")
    page.get_by_role("link", name="Tara Lund").click()
    expect(page.get_by_role("heading", name="Tara Lund", level=1)).to_be_visible()
    assert "5550100" not in page.url
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name").fill("Tara Ruiz")
    page.get_by_label("T-shirt Größe").select_option("Large")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Tara Ruiz", level=1)).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Large")).to_be_visible()

    page.get_by_role("link", name="Stop all texts…").click()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Opted out", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Can be texted")).to_be_visible()

    page.get_by_role("link", name="Erase…").click()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("Erased. Backups made before now")).to_be_visible()
    expect(page).to_have_url(re.compile("/communitymember/$"))
    assert site.query("SELECT count(*) FROM community_members") == [(0,)]
    assert site.query("SELECT kind, phone, words FROM consent_records ORDER BY id") == [
        ("opt_out", "+13035550100", ""),
        ("opt_in", "+13035550100", ""),
    ]
