"""Parts of a whole, as they are said to staff."""


def percent(part: int, whole: int) -> str:
    """Such as "45%". Only nothing is "0%" and only everything "100%": between them it is "<1%" to "99%"."""
    if not whole or not part:
        return "0%"
    if part >= whole:
        return "100%"
    rounded = round(100 * part / whole)
    return f"{min(rounded, 99)}%" if rounded else "<1%"
