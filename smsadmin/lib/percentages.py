"""Percentages for pages and messages."""


def percent(part: int, whole: int) -> str:
    """Such as "45%". Only none is "0%" and only all is "100%"; anything in between is "<1%" to "99%"."""
    if not whole or not part:
        return "0%"
    if part >= whole:
        return "100%"
    rounded = round(100 * part / whole)
    return f"{min(rounded, 99)}%" if rounded else "<1%"
