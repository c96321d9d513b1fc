"""How pages ask the server for news (smsadmin/live.js), with timers that are due at once."""

import pytest

pytestmark = pytest.mark.browser

# Starts polling "/news/" in a second. `waits` are the milliseconds that it wanted to wait, `told` is what it said.
START = """
window.waits = [];
window.told = [];
const later = window.setTimeout;
window.setTimeout = (what, milliseconds) => { waits.push(milliseconds); return later(what); };
poll('/news/', 1, async (response) => {
    const answer = await response.json();
    told.push(answer.again_in);
    return answer.again_in;
}, {refused: () => told.push('refused'), failed: () => told.push('failed')});
void 0;  // A function would be called.
"""
TOLD = """count => new Promise((done) => {
    const look = () => told.length === count ? done([waits, told]) : requestAnimationFrame(look);
    look();
})"""
HIDE = """isHidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, value: isHidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def answers(page):
    """What the server will answer, one after the other: a status, or in how many seconds to ask again."""
    left = []

    def answer(route):
        status = left.pop(0)
        if status is None:
            route.abort()
        elif status < 100:
            route.fulfill(json={"again_in": status})
        else:
            route.fulfill(status=status)

    page.route("**/news/", answer)
    return left


def poll_until_told(page, count):
    page.evaluate(START)
    return page.evaluate(TOLD, count)


def test_a_page_asks_until_it_is_told_to_stop(page, answers):
    answers += [3, 5, 0]
    assert poll_until_told(page, 3) == [[1000, 3000, 5000], [3, 5, 0]]


def test_a_server_that_fails_is_asked_less_and_less_often(page, answers):
    answers += [None, 500, 503, 500, 500, 502, 3, 500, 0]
    waits, _ = poll_until_told(page, 9)
    assert waits == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 3000, 2000]


def test_after_a_refusal_a_page_asks_only_once_it_is_looked_at_again(page, answers):
    answers += [403, 0]
    assert poll_until_told(page, 1) == [[1000], ["refused"]]
    page.evaluate(HIDE, False)
    assert page.evaluate(TOLD, 2) == [[1000], ["refused", 0]]


def test_a_hidden_page_asks_once_it_is_seen(page, answers):
    answers += [0]
    page.evaluate(HIDE, True)
    page.evaluate(START)
    assert page.evaluate("[waits, told]") == [[], []]
    page.evaluate(HIDE, False)
    assert page.evaluate(TOLD, 1) == [[], [0]]


def test_a_page_that_was_told_to_stop_asks_no_more_when_it_is_seen_again(page, answers):
    answers += [0]
    poll_until_told(page, 1)
    page.evaluate(HIDE, True)
    page.evaluate(HIDE, False)
    assert page.evaluate("[waits, told]") == [[1000], [0]]
    assert answers == []
