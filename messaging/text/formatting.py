"""Formatting of text previews, message counts, and prices, for pages and commands."""

from decimal import Decimal

from smsadmin.lib.plurals import counted


def beginning(text: str, most: int) -> str:
    """The text on one line, cut to `most` characters with an ellipsis."""
    start = " ".join(text[: 4 * most].split())
    return start if len(start) <= most and len(text) <= 4 * most else f"{start[: most - 1]}…"


def shortened(line: str, most: int) -> str:
    """The line, cut to `most` characters after a whole word, with an ellipsis; a single long word is cut as it is."""
    if len(line) <= most:
        return line
    words, _, _ = line[:most].rpartition(" ")
    return f"{(words or line[: most - 1]).rstrip(' ,.;:!?–—-…')}…"


def doubt_reason(stored: str) -> str:
    """Why an outcome is unknown, as a sentence. Older rows start with "In doubt:"."""
    reason = stored.removeprefix("In doubt: ")
    return reason[:1].upper() + reason[1:] or "No reason was recorded."


def messages(segments: int) -> str:
    """A number of segments in the words for staff, such as "1 message" or "1,234 messages"."""
    return counted(segments, "message", "messages")


def dollars(amount: Decimal) -> str:
    """An amount to the cent; a positive one is never shown as $0.00."""
    if 0 < amount < Decimal("0.005"):
        return "less than $0.01"
    return f"${amount:,.2f}"
