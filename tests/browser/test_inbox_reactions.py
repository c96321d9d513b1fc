"""Reactions and flag reasons on a conversation's page in a browser."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

INBOX = "/admin/messaging/inboxthread/"


def test_a_reaction_appears_with_the_text_it_is_about_and_a_flag_says_why(page, text_in):
    text_in("+13035550100", "Is there parking?")
    page.goto(f"{INBOX}1/change/")
    page.get_by_label("Reply").fill("Behind the hall. Reply STOP to unsubscribe.")
    page.get_by_role("button", name="Send", exact=True).click()
    sent = page.locator(".is-ours").filter(has_text="Behind the hall")
    expect(sent).to_contain_text("Delivered")
    text_in("+13035550100", "Loved “Behind the hall. Reply STOP to unsubscribe.”")
    expect(sent.locator(".entry-reaction")).to_contain_text("❤️")
    text_in("+13035550100", "Removed a heart from “Behind the hall. Reply STOP to unsubscribe.”")
    expect(sent.locator(".entry-reaction")).to_have_count(0)
    text_in("+13035550100", "Reacted 🎉 to “Behind the hall. Reply…”")
    expect(sent.locator(".entry-reaction")).to_contain_text("🎉")
    expect(page.locator(".timeline-entry")).to_have_count(2)
    expect(page.get_by_text("Possible opt-out")).to_have_count(0)

    text_in("+13035550100", "Ya no me interesa, gracias")
    expect(page.locator(".flag-notice")).to_contain_text("Why: Spanish for “not interested”")
    flagged = page.locator(".is-flagged")
    expect(flagged).to_contain_text("Spanish for “not interested”")
