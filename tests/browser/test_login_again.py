"""Signed out while typing: after signing in in another tab, each page continues with what was typed."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, USERNAME

pytestmark = pytest.mark.browser

MAKE_THREAD = """
from messaging.models import *
thread = InboxThread.objects.create(phone="+13035550177")
InboxMessage.objects.create(thread=thread, phone=thread.phone, direction="inbound", body="Who is this?")
"""


def test_typed_text_is_sent_saved_and_previewed_after_signing_in_in_another_tab(page, site):
    site.run("shell", "-v", "0", "-c", MAKE_THREAD)
    page.goto("/admin/messaging/inboxthread/1/change/")
    page.get_by_label("Reply").fill("The community centre")
    survey = page.context.new_page()
    survey.goto("/admin/surveys/surveyflow/add/")
    survey.get_by_label("Name", exact=True).fill("Picnic")
    survey.get_by_label("Keyword").fill("JOIN")
    page.context.clear_cookies(name="sessionid")

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("You’ve been logged out. Log in again in another tab")).to_be_visible()
    survey.get_by_label("Question 1", exact=True).fill("What will you bring?")
    preview = survey.get_by_role("region", name="The conversation")
    expect(preview).to_contain_text("You’ve been logged out. Log in again in another tab")
    survey.get_by_role("button", name="Save and continue editing").click()
    expect(survey.get_by_role("alert")).to_have_text(
        "You’ve been logged out. Log in again in another tab, then continue here. Your text is still here."
    )

    other = page.context.new_page()
    other.goto("/admin/")
    other.get_by_label("Username").fill(USERNAME)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("button", name="ann")).to_be_visible()

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".is-ours")).to_contain_text("The community centre")
    expect(page.locator("#reply-problem")).to_be_hidden()
    survey.get_by_label("Introduction").fill("Hi from the club!")
    expect(preview).to_contain_text("Hi from the club!")
    survey.get_by_role("button", name="Save and continue editing").click()
    expect(survey.locator(".messagelist")).to_contain_text("added successfully")
    assert site.query("SELECT name FROM survey_flows") == [("Picnic",)]
