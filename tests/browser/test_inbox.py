"""The inbox in a browser: texts arrive while its pages are open, and a reply goes out without leaving the page."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

INBOX = "/admin/messaging/inboxthread/"


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
    expect(page.locator("#reply-size")).to_contain_text("17 characters (1 message), 52 characters left")
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


def test_earlier_texts_are_loaded_above_and_the_page_opens_at_the_latest(page, site):
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
    expect(page.get_by_role("link", name="Show earlier texts")).to_be_hidden()
    expect(page.locator(".timeline-day")).to_have_count(1)
    texts = page.locator(".timeline-entry .bubble").all_text_contents()
    assert texts == [f"number {number}." for number in range(120)]


LONG = """
from messaging.models import *
thread = InboxThread.objects.get_or_create(phone="+13035550177")[0]
for number in range({}, {}):
    InboxMessage.objects.create(thread=thread, phone=thread.phone, direction="inbound", body=f"number {{number}}.")
"""


@pytest.fixture
def fill(site):
    """Add the texts "number 0." and so on to conversation 1, from the first number up to the last, exclusive."""
    return lambda first, last: site.run("shell", "-v", "0", "-c", LONG.format(first, last))


def looks(page, times=1):
    """Wait until the page has polled this many more times and has shown the result."""
    for _ in range(times):
        with page.expect_response("**/news/**") as response:
            pass
        response.value.finished()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def numbers(page):
    return [int(text[7:-1]) for text in page.locator(".timeline-entry .bubble").all_text_contents()]


def test_a_text_below_the_view_is_unread_until_seen_and_the_scroll_position_is_kept(page, site, fill, text_in):
    fill(0, 120)
    page.goto(f"{INBOX}1/change/")
    page.get_by_role("link", name="Show earlier texts").click()
    expect(page.locator(".timeline-entry")).to_have_count(100)
    page.get_by_text("number 40.").scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="New texts below")).to_be_hidden()
    place = page.get_by_text("number 40.").bounding_box()["y"]
    text_in("+13035550177", "See you there")
    expect(page.get_by_role("button", name="New texts below")).to_be_visible()
    looks(page)
    assert page.get_by_text("number 40.").bounding_box()["y"] == pytest.approx(place, abs=1)
    assert site.query("SELECT unread_count FROM inbox_threads") == [(1,)]

    with page.expect_response("**/read/"):
        page.get_by_role("button", name="New texts below").click()
    expect(page.get_by_text("See you there")).to_be_in_viewport()
    expect(page.get_by_role("button", name="New texts below")).to_be_hidden()
    assert site.query("SELECT unread_count FROM inbox_threads") == [(0,)]

    # A colleague marks it as unread again.
    site.run("shell", "-v", "0", "-c", "from messaging.models import *; InboxThread.objects.update(unread_count=1)")
    looks(page, 2)
    assert site.query("SELECT unread_count FROM inbox_threads") == [(1,)]
    with page.expect_response("**/read/"):
        text_in("+13035550177", "Hello?")
    assert site.query("SELECT unread_count FROM inbox_threads") == [(1,)]


def test_the_page_opens_at_the_first_unread_text_and_marks_as_read_what_was_in_view(page, site, fill):
    def unread():
        return site.query("SELECT unread_count FROM inbox_threads")[0][0]

    fill(0, 70)
    site.run("shell", "-v", "0", "-c", "from messaging.models import *; InboxThread.objects.update(unread_count=60)")
    with page.expect_response("**/read/"):
        page.goto(f"{INBOX}1/change/")
    expect(page.locator("#new")).to_be_in_viewport()
    expect(page.get_by_text("number 10.")).to_be_in_viewport()
    expect(page.get_by_text("number 69.")).not_to_be_in_viewport()
    left = unread()
    assert 40 < left < 60
    with page.expect_response("**/read/"):
        page.get_by_role("button", name="New texts below").click()
    expect(page.get_by_role("link", name=f"Inbox ({unread()})")).to_be_visible()
    first_left = page.get_by_text(f"number {70 - left}.")
    expect(first_left).to_be_in_viewport()
    place = first_left.bounding_box()["y"]
    assert 0 < unread() < left

    fill(70, 71)
    expect(page.get_by_text("number 70.")).to_be_attached()
    assert first_left.bounding_box()["y"] == pytest.approx(place, abs=1)
    with page.expect_response("**/read/"):
        page.get_by_text("number 70.").scroll_into_view_if_needed()
    looks(page)
    assert unread() == 0
    expect(page).to_have_title("(303) 555-0177 | SMS Admin")
    expect(page.locator("#new + li")).to_contain_text("number 10.")


def test_unread_texts_above_a_text_opened_from_a_search_stay_unread(page, site, fill):
    fill(0, 60)
    site.run("shell", "-v", "0", "-c", "from messaging.models import *; InboxThread.objects.update(unread_count=20)")
    page.goto(f"{INBOX}1/change/?at=59")
    expect(page.get_by_text("number 58.")).to_be_in_viewport()
    looks(page, 2)
    assert site.query("SELECT unread_count FROM inbox_threads") == [(20,)]
    with page.expect_response("**/read/"):
        page.locator("#new").scroll_into_view_if_needed()


def test_when_many_texts_arrive_at_once_all_are_shown(page, fill):
    fill(0, 10)
    page.goto(f"{INBOX}1/change/")
    looks(page)
    page.route("**/news/**", lambda route: route.abort())
    fill(10, 90)
    page.unroute("**/news/**")
    expect(page.get_by_text("number 89.")).to_be_visible()
    assert numbers(page) == [*range(40, 90)]
    page.get_by_role("link", name="Show earlier texts").click()
    expect(page.get_by_text("number 0.")).to_be_attached()
    assert numbers(page) == [*range(90)]
    expect(page.get_by_role("link", name="Show earlier texts")).to_be_hidden()


def test_a_text_opened_from_a_search_is_in_view_with_links_to_both_sides(page, site, fill):
    fill(0, 200)
    page.goto(f"{INBOX}1/change/?at=71")
    expect(page.get_by_text("number 70.")).to_be_in_viewport()
    assert page.evaluate("document.activeElement.id") == "text-71"
    assert numbers(page) == [*range(45, 95)]
    page.get_by_role("link", name="Show later texts").click()
    expect(page.locator(".timeline-entry")).to_have_count(100)
    page.get_by_role("link", name="Show earlier texts").click()
    expect(page.locator(".timeline-entry")).to_have_count(145)
    assert numbers(page) == [*range(145)]
    assert page.locator(".is-found").count() == 1
    page.goto(f"{INBOX}1/change/?at=190")
    expect(page.get_by_text("number 189.")).to_be_in_viewport()
    looks(page)
    assert numbers(page) == [*range(150, 200)]
    expect(page.locator(".is-found .bubble")).to_have_text("number 189.")


def test_a_reply_is_announced_once_and_typed_text_survives_an_opt_out(page, text_in):
    text_in("+13035550177", "Who is this?")
    page.goto(f"{INBOX}1/change/")
    page.evaluate(
        """() => {
            window.added = [];
            new MutationObserver((changes) => changes.forEach(({addedNodes}) => addedNodes.forEach((node) => {
                window.added.push(node.textContent);
            }))).observe(document.getElementById('timeline'), {childList: true, subtree: true});
        }"""
    )
    page.get_by_label("Reply").fill("The community centre")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".is-ours")).to_contain_text("Delivered")
    assert len([text for text in page.evaluate("window.added") if "The community centre" in text]) == 1

    page.get_by_label("Reply").fill("On Main")
    text_in("+13035550177", "STOP")
    alert = page.get_by_role("alert").filter(has_text="This person opted out on")
    expect(alert).to_contain_text("What you typed wasn’t sent.")
    expect(page.get_by_label("Reply")).to_be_visible()
    expect(page.get_by_label("Reply")).to_be_focused()
    expect(page.get_by_label("Reply")).to_have_value("On Main")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(alert.get_by_role("link", name="See details")).to_be_visible()
    page.reload()
    expect(alert).to_contain_text("What you typed wasn’t sent.")
    expect(page.get_by_label("Reply")).to_have_value("On Main")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    text_in("+13035550177", "START")
    expect(alert).to_be_hidden()
    page.get_by_label("Reply").fill("")
    text_in("+13035550177", "STOP")
    expect(page.locator("#reply-blocked")).to_be_focused()
    expect(page.get_by_label("Reply")).to_be_hidden()


def test_the_keyboard_skips_the_texts_and_leaves_the_name_form(page, text_in):
    text_in("+13035550177", "Who is this?")
    page.goto(f"{INBOX}1/change/")
    button, field = page.get_by_text("Add a name"), page.get_by_label("Name shown in the inbox")
    button.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.locator("summary", has_text="Add a name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.get_by_role("region", name="Texts").click()
    expect(field).to_be_hidden()

    page.get_by_role("button", name="Mark as unread").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the reply")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reply")).to_be_focused()
    text_in("+13035550177", "STOP")
    expect(page.get_by_role("link", name="Skip to the reply")).to_be_hidden()


def test_an_unfinished_reply_is_kept_until_it_is_sent(page, site, text_in):
    text_in("+13035550177", "Who is this?")
    text_in("+13035550178", "Is there parking?")
    reply, send = page.get_by_label("Reply"), page.get_by_role("button", name="Send", exact=True)
    page.goto(f"{INBOX}1/change/")
    reply.fill("The community")
    page.get_by_text("Add a name").click()
    page.get_by_label("Name shown in the inbox").fill("Rosa")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Named Rosa.")).to_be_visible()
    expect(reply).to_have_value("The community")
    page.get_by_role("link", name="Inbox", exact=True).first.click()
    page.goto(f"{INBOX}2/change/")
    expect(reply).to_have_value("")
    page.goto(f"{INBOX}1/change/")
    expect(page.locator("#reply-size")).to_contain_text("13 characters")

    # It is sent, but the page never learns of it.
    page.route("**/reply/", lambda route: (route.fetch(), route.abort()))
    reply.fill("The community centre")
    send.click()
    expect(page.get_by_text("The reply couldn’t be sent because the connection failed.")).to_be_visible()
    page.unroute("**/reply/")
    page.reload()
    expect(reply).to_have_value("The community centre")
    send.click()
    expect(reply).to_have_value("")
    page.reload()
    expect(reply).to_have_value("")
    assert site.query("SELECT body FROM inbox_messages WHERE direction = 'outbound'") == [("The community centre",)]


def test_text_typed_while_a_reply_is_being_sent_is_kept(page, site, text_in):
    text_in("+13035550177", "Who is this?")
    reply, send = page.get_by_label("Reply"), page.get_by_role("button", name="Send", exact=True)
    page.goto(f"{INBOX}1/change/")
    held = []
    page.route("**/reply/", lambda route: held.append(route))
    reply.fill("The community centre")
    with page.expect_request("**/reply/"):
        send.click()
    reply.press_sequentially(" And welcome")
    held[0].continue_()
    expect(reply).to_have_value("And welcome")
    page.unroute("**/reply/")
    page.reload()
    expect(reply).to_have_value("And welcome")
    send.click()
    expect(reply).to_have_value("")
    sent = site.query("SELECT body FROM inbox_messages WHERE direction = 'outbound' ORDER BY id")
    assert sent == [("The community centre",), ("And welcome",)]


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
