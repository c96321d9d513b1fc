"""The inbox in a browser: texts come in while its pages are open, and a reply goes out without leaving the page."""

import itertools

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

INBOX = "/admin/messaging/inboxthread/"
SIDS = itertools.count(1)


@pytest.fixture
def text_in(site):
    """A text from that phone, by the code that takes in Twilio's."""

    def run(phone, body):
        form = {"MessageSid": f"SM{next(SIDS):032x}", "From": phone, "Body": body}
        site.run("shell", "-v", "0", "-c", f"from messaging.inbound import receive; receive({form!r})")

    return run


def test_texts_appear_by_themselves_and_a_reply_shows_its_state(page, site, add_members, text_in):
    add_members("Rosa Delgado")
    page.goto(INBOX)
    expect(page.get_by_text("No texts yet.")).to_be_visible()
    text_in("+13035550100", "Is there parking?")
    row = page.get_by_role("row").filter(has_text="Rosa Delgado")
    expect(row).to_contain_text("Is there parking?")
    expect(row.locator(".badge")).to_contain_text("1")

    row.get_by_role("checkbox").check()
    text_in("+13035550177", "Who is this?")
    expect(page.get_by_role("row").filter(has_text="Who is this?")).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(page.locator(".action-counter")).to_have_text("1 of 2 selected")

    row.get_by_role("link").click()
    expect(page.get_by_text("Is there parking?")).to_be_visible()
    page.get_by_label("Reply").fill("Behind the")
    text_in("+13035550100", "And bikes?")
    expect(page.get_by_text("And bikes?")).to_be_in_viewport()
    expect(page.get_by_label("Reply")).to_have_value("Behind the")
    page.get_by_label("Reply").fill("Behind the hall 🚲")
    expect(page.locator("#reply-size")).to_contain_text("17 characters, 1 segment: 52 more fit into it")
    page.get_by_role("button", name="Send", exact=True).click()
    sent = page.locator(".is-ours").filter(has_text="Behind the hall")
    expect(sent).to_contain_text("ann")
    expect(sent).to_contain_text("Delivered")
    expect(page.get_by_label("Reply")).to_have_value("")
    assert site.query("SELECT COUNT(*) FROM inbox_messages WHERE direction = 'outbound'") == [(1,)]

    page.goto(INBOX)
    expect(page.get_by_role("row").filter(has_text="Rosa Delgado")).to_contain_text("Sent: Behind the hall")
    assert site.query("SELECT unread_count FROM inbox_threads ORDER BY id") == [(0,), (1,)]

    page.goto(f"{INBOX}1/change/")
    text_in("+13035550100", "STOP")
    expect(page.get_by_text("Opted out by texting: “STOP”")).to_be_visible()
    expect(page.get_by_text("This person opted out on")).to_be_visible()
    expect(page.get_by_label("Reply")).to_be_hidden()


def test_earlier_texts_come_above_and_the_page_opens_at_the_latest(page, site):
    site.run(
        "shell",
        "-v",
        "0",
        "-c",
        "from messaging.models import *\n"
        "thread = InboxThread.objects.create(phone='+13035550177')\n"
        "for number in range(120):\n"
        "    InboxMessage.objects.create(thread=thread, phone=thread.phone, direction='inbound',\n"
        "                                body=f'number {number}.')\n",
    )
    page.goto(f"{INBOX}1/change/")
    expect(page.get_by_text("number 119.")).to_be_in_viewport()
    expect(page.locator(".timeline-entry")).to_have_count(50)
    for count in (100, 120):
        page.get_by_role("link", name="Show earlier texts").click()
        expect(page.locator(".timeline-entry")).to_have_count(count)
    expect(page.get_by_role("link", name="Show earlier texts")).to_have_count(0)
    expect(page.locator(".timeline-day")).to_have_count(1)
    texts = page.locator(".timeline-entry .bubble").all_text_contents()
    assert texts == [f"number {number}." for number in range(120)]


def test_without_javascript_a_reply_goes_out_and_is_marked_as_read(open_page, site, text_in):
    text_in("+13035550177", "Who is this?")
    page = open_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"{INBOX}1/change/")
    expect(page.get_by_text("Who is this?")).to_be_in_viewport()
    page.get_by_role("button", name="Mark as read").click()
    assert site.query("SELECT unread_count FROM inbox_threads") == [(0,)]
    page.get_by_label("Reply").fill("The community centre")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".is-ours")).to_contain_text("The community centre")
