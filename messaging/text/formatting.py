"""How beginnings of texts, numbers of segments and prices are written, on pages and at the prompt alike."""

from decimal import Decimal

from smsadmin.lib.plurals import counted


def beginning(text: str, most: int) -> str:
    """The text on one line, or as much of it as fits into `most` characters, and an ellipsis."""
    start = " ".join(text[: 4 * most].split())
    return start if len(start) <= most and len(text) <= 4 * most else f"{start[: most - 1]}…"


def doubt_reason(stored: str) -> str:
    """Why nobody knows whether a text was accepted, as a sentence. Rows of before say "In doubt:" in front of it."""
    reason = stored.removeprefix("In doubt: ")
    return reason[:1].upper() + reason[1:] or "No reason was recorded."


def segments(count: int) -> str:
    """Such as "1 segment" or "1,234 segments"."""
    return counted(count, "segment", "segments")


def dollars(amount: Decimal) -> str:
    """An amount to the cent; what is more than nothing never reads as nothing."""
    if 0 < amount < Decimal("0.005"):
        return "less than $0.01"
    return f"${amount:,.2f}"
