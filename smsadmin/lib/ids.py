"""The ids of rows as they stand in addresses and forms, where anything may stand."""

from collections.abc import Iterable


def read_key(text: str) -> int:
    """The id; 0, which no row has, for what can be none: Django stumbles over other texts, SQLite over 64 bits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def read_keys(texts: Iterable[str]) -> list[int]:
    """Those of them that are ids."""
    return [key for text in texts if (key := read_key(text))]
