"""Copying the sign-in details of a new user."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"


def add_user(page):
    page.goto("/admin/accounts/appuser/add/")
    page.get_by_label("Username").fill("maria")
    for label in ("Password:", "Password confirmation:"):
        page.get_by_label(label, exact=True).fill("correct-horse-battery")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Copy sign-in details").click()


def test_the_button_copies_them(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    add_user(page)
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert "Username: maria" in page.evaluate("navigator.clipboard.readText()")


def test_without_a_clipboard_they_are_selected(page):
    page.add_init_script(NO_CLIPBOARD)
    add_user(page)
    expect(page.get_by_text("Selected.")).to_be_visible()
    assert page.evaluate("getSelection().toString()").startswith("Sign in: http")
