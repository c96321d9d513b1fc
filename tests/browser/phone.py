"""Pages on a phone."""

SIZE = {"width": 390, "height": 844}


def is_as_wide_as_the_phone(page):
    """Whether nothing of it is beyond the right edge. Before its styles have come, much may be."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]
