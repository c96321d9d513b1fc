"""Every linked page as a browser sees it: the content security policy blocks no script and no style."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

pytestmark = pytest.mark.browser

# Addresses that differ only in their object are one kind of page.
NUMBER = re.compile(r"/(\d+|[0-9a-f-]{36}|[0-9a-f]{32})(?=/)")
DOWNLOADS = re.compile(r"/(export|rejected|results\.csv)/?$")


def kind_of(address):
    return NUMBER.sub("/N", urlsplit(address).path)


def test_no_page_violates_the_content_security_policy(site, open_page):
    site.run("demo")
    page = open_page()
    problems = []
    page.on(
        "console", lambda message: problems.append(f"{page.url}: {message.text}") if is_problem(message) else None
    )
    waiting = [page.url]
    seen = {kind_of(page.url)}
    while waiting:
        page.goto(waiting.pop(0))
        try_the_tools(page)
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"):
            address = urljoin(page.url, link.partition("#")[0])
            is_ours = urlsplit(address).netloc == urlsplit(site.address).netloc
            if is_ours and not DOWNLOADS.search(urlsplit(address).path) and kind_of(address) not in seen:
                seen.add(kind_of(address))
                waiting.append(address)
    assert problems == []
    assert len(seen) > 30
    assert seen > {
        "/admin/messaging/inboxthread/N/change/",
        "/admin/surveys/surveyflow/N/phone/",
        "/admin/surveys/surveyflow/N/results/",
        "/admin/surveys/surveyflow/answers/N/",
    }
    # Proves that a violation would be noticed.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    assert "Content Security Policy" in problems[0]


def is_problem(message):
    return message.type == "error" or "Content Security Policy" in message.text


def try_the_tools(page):
    """Use what scripts draw only on use: the lists of fields that search."""
    if page.locator(".chooser input:visible").count():
        page.locator(".chooser input:visible").first.fill("a")
        page.locator(".chooser [role=option]").first.wait_for()
        page.keyboard.press("Escape")
