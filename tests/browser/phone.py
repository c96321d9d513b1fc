"""Helpers for pages on a phone."""

SIZE = {"width": 390, "height": 844}


def is_as_wide_as_the_phone(page):
    """Whether nothing overflows the right edge. It may before the styles are loaded, so this waits."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]
