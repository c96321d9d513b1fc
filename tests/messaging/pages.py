"""What the tests of the blasts' pages share."""

BLASTS = "/admin/messaging/messagelog/"


def address(log, page="change/"):
    """The address of a blast's page, or of another one beside it."""
    return f"{BLASTS}{log.pk}/{page}"


def squeeze(html):
    """HTML without runs of blanks, so that sentences can be looked for."""
    return " ".join(html.split())
