"""What a page may cost when nothing of it is in the browser's cache yet, for every kind of page.

Pages load stylesheets and scripts as they are written: no bundler, and no build step. Instead, each file is one topic
that its pages use whole, Django's scripts are loaded only where they have work (smsadmin/lean_pages.py), and these
budgets keep the sum small.
"""

import pytest

from tests.browser.site_map import find_pages

pytestmark = pytest.mark.browser

MOST_BYTES, MOST_REQUESTS = 120_000, 20
# Shifts that aren't the direct result of what the user does, in the order of their size.
FIND_SHIFTS = """() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().filter((shift) => !shift.hadRecentInput).map(
        (shift) => [shift.value, ...shift.sources.map(({node}) => (node?.outerHTML ?? "").slice(0, 80))],
    ))).observe({type: "layout-shift", buffered: true});
    setTimeout(() => resolve([]), 100);
})"""


class ColdPages:
    """Loads pages as if for the first time, and counts what comes over the wire."""

    def __init__(self, page):
        self.page = page
        self.requests = {}
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.on("Network.requestWillBeSent", self._add)
        self.devtools.on("Network.loadingFinished", self._finish)
        self.devtools.send("Network.enable")

    def _add(self, event):
        if event["request"]["url"].startswith("http"):
            self.requests[event["requestId"]] = (event["request"]["url"], 0)

    def _finish(self, event):
        if event["requestId"] in self.requests:
            self.requests[event["requestId"]] = (self.requests[event["requestId"]][0], event["encodedDataLength"])

    def load(self, address):
        """Leaves {id: (URL, bytes on the wire)} in `requests`; returns the headers of the page itself."""
        # Nothing of the page before may still be asked for.
        self.page.goto("about:blank")
        self.devtools.send("Network.clearBrowserCache")
        self.requests = {}
        headers = self.page.goto(address).headers
        self.page.wait_for_load_state("networkidle")
        return headers


@pytest.mark.parametrize("width", [1366, 390])
def test_every_page_keeps_its_budgets(site, open_page, width):
    site.run("demo")
    page = open_page(viewport={"width": width, "height": 844})
    cold = ColdPages(page)
    excess = {}
    pages = find_pages(page, most=1)
    assert len(pages) > 60
    for address in pages:
        encoding = cold.load(address).get("content-encoding")
        size, count = sum(size for _, size in cold.requests.values()), len(cold.requests)
        shifts = page.evaluate(FIND_SHIFTS)
        if encoding != "gzip" or size > MOST_BYTES or count > MOST_REQUESTS or shifts:
            excess[address] = (encoding, size, count, shifts)
    assert excess == {}
