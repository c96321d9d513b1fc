"""Parses row ids from addresses and forms, which may contain anything."""

from collections.abc import Iterable


def read_key(text: str) -> int:
    """The id; 0, which no row has, if it can't be one: Django fails on other text, SQLite on more than 64 bits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def read_keys(texts: Iterable[str]) -> list[int]:
    """Those of the texts that are ids."""
    return [key for text in texts if (key := read_key(text))]
