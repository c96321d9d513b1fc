"""The list of conversations in a browser while texts arrive."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

INBOX = "/admin/messaging/inboxthread/"
ADA, BOB, EVE = "+13035550177", "+13035550178", "+13035550179"


def test_new_texts_keep_focus_and_selection_and_are_announced(page, texts_in):
    texts_in((ADA, "Hi"), (BOB, "Hello"))
    page.goto(INBOX)
    expect(page).to_have_title("(2) Inbox | SMS Admin")
    rows = page.locator("#result_list > tbody > tr")
    ada = rows.filter(has_text="555-0177")
    rows.filter(has_text="555-0178").get_by_role("checkbox").check()
    ada.get_by_role("link").focus()
    texts_in((ADA, "Is there parking?"), (EVE, "Who is this?"))
    expect(rows.first).to_contain_text("Who is this?")
    expect(rows.nth(1)).to_contain_text("Is there parking?")
    expect(rows.nth(2)).to_contain_text("Hello")
    expect(ada.get_by_role("link")).to_be_focused()
    expect(page.locator(".action-counter")).to_have_text("1 of 3 selected")
    expect(page.get_by_role("status")).to_have_text("2 new texts, 4 unread.")
    expect(page.locator("#sidebar a", has_text="Inbox")).to_have_text("Inbox (4)")
    expect(page).to_have_title("(4) Inbox | SMS Admin")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter")).to_have_text("3 of 3 selected")
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
