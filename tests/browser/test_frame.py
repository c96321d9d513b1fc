"""The frame of every page: search, the phone's bar and sheet, and the account menu."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.phone import SIZE, is_as_wide_as_the_phone

pytestmark = pytest.mark.browser


def test_a_person_can_be_found_using_only_the_keyboard(page, add_members):
    add_members("Rosa Delgado", "Tara Lund")
    page.keyboard.press("Control+k")
    page.keyboard.type("lund")
    expect(page.get_by_role("option", name="Tara Lund")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/people/[0-9a-f-]{36}/"))


def test_escape_closes_the_search_and_arrow_keys_move_through_results(page):
    page.get_by_role("link", name="Search").click()
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_search_works_without_javascript(open_page, add_members):
    add_members("Tara Lund")
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("tara")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=re.compile("Tara Lund")).click()
    expect(page).to_have_url(re.compile("/admin/people/[0-9a-f-]{36}/"))


def test_phones_have_a_bar_a_sheet_and_a_back_link(open_page):
    page = open_page(viewport=SIZE, has_touch=True)
    page.get_by_role("navigation", name="Shortcuts").get_by_role("link", name="People").click()
    assert is_as_wide_as_the_phone(page)
    page.get_by_role("button", name="More").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Events", exact=True).click()
    page.goto("/admin/contacts/event/add/")
    page.locator(".breadcrumbs a:visible").click()
    expect(page).to_have_url(re.compile("/admin/contacts/event/$"))


def test_the_theme_can_be_changed_in_the_account_menu_and_is_kept(page):
    page.get_by_role("button", name="ann").click()
    page.get_by_role("button", name=re.compile("Theme")).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
