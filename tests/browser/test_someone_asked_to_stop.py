"""Somebody calls and wants no more texts."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def opt_outs(site):
    return site.query("SELECT phone, reason FROM unsubscribed_contacts")


def test_a_call_is_recorded_in_two_clicks_and_undone(page, site, add_members):
    add_members("Rosa Delgado", "Tara Lund")
    page.get_by_role("link", name="Someone asked to stop").click()
    expect(page.get_by_role("combobox", name="Name or phone number")).to_be_focused()
    page.keyboard.type("lund")
    expect(page.get_by_role("option", name="Tara Lund")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_text("We won’t text (303) 555-0101 again, from any list.")).to_be_visible()
    page.get_by_role("button", name="Record").click()

    expect(page.get_by_text("No more texts to Tara Lund.")).to_be_visible()
    expect(page).to_have_url(re.compile("/admin/$"))
    assert opt_outs(site) == [("+13035550101", "Phone call")]

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Tara Lund isn’t opted out.")).to_be_visible()
    assert opt_outs(site) == []
    trail = site.query("SELECT kind, actor FROM consent_records ORDER BY id")
    assert trail == [("opt_out", "ann"), ("opt_in", "ann")]


def test_undo_goes_away(page, add_members):
    add_members("Tara Lund")
    page.goto("/admin/contacts/communitymember/1/change/")
    page.get_by_role("link", name="Stop all texts…").click()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("heading", name="Tara Lund")).to_be_visible()
    # After its ten seconds.
    page.locator(".undo").evaluate("undo => undo.getAnimations().forEach((animation) => animation.finish())")
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    expect(page.get_by_text("No more texts to Tara Lund.")).to_be_visible()


def test_it_works_without_javascript(open_page, site, add_members):
    add_members("Tara Lund", "Tara Bay")
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Someone asked to stop").click()
    page.get_by_label("Name or phone number").fill("tara")
    page.get_by_label("Letter").check()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Choose who you mean.")).to_be_visible()
    page.get_by_label("Tara Bay").check()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("No more texts to Tara Bay.")).to_be_visible()
    assert opt_outs(site) == [("+13035550101", "Letter")]
