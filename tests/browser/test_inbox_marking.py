"""Marking as read in a browser whose list of conversations updates by itself."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

INBOX = "/admin/messaging/inboxthread/"
PHONE = "+13035550177"


def test_only_what_the_list_has_shown_is_marked_as_read(open_page, site, text_in):
    def mark_read(page):
        page.locator("input.action-select").check()
        page.locator("select[name=action]").select_option(label="Mark as read")
        page.get_by_role("button", name="Go", exact=True).click()
        return site.query("SELECT unread_count FROM inbox_threads")

    text_in(PHONE, "Who is this?")
    page = open_page()
    page.goto(INBOX)
    text_in(PHONE, "Hello?")
    expect(page.get_by_text("Hello?")).to_be_visible()
    assert mark_read(page) == [(0,)]
    expect(page.get_by_text("1 conversation marked as read.")).to_be_visible()

    # From here on the page gets no updates.
    page.route("**/*", lambda route: route.abort() if "x-poll" in route.request.headers else route.continue_())
    text_in(PHONE, "Anybody?")
    page.goto(INBOX)
    expect(page.get_by_text("Anybody?")).to_be_visible()
    text_in(PHONE, "Please answer")
    assert mark_read(page) == [(1,)]
    expect(page.get_by_text("1 conversation stays unread because a new text just came in.")).to_be_visible()
