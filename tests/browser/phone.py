"""Pages on a phone."""

SIZE = {"width": 390, "height": 844}


def is_as_wide_as_the_phone(page):
    """Whether nothing extends beyond the right edge, which may happen before the styles are loaded."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]
