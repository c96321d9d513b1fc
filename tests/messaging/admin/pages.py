"""Helpers for the tests of the blasts' pages."""

from html.parser import HTMLParser

BLASTS = "/admin/messaging/messagelog/"


def address(log, page="change/"):
    """The URL of a blast's page, or of a page below it."""
    return f"{BLASTS}{log.pk}/{page}"


class _InlineCode(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        names = {name for name, _ in attributes}
        if "style" in names or tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(self.get_starttag_text())
        if any(name.startswith("on") for name in names):
            self.found.append(self.get_starttag_text())


def inline_code(html):
    """The tags in a page's main part that a strict content security policy would ignore."""
    parser = _InlineCode()
    parser.feed(html[html.index("<main") : html.index("</main>")])
    return parser.found
