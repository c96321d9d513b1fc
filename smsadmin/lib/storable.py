"""Removes what PostgreSQL can't store from text and JSON: NUL characters and lone surrogates."""

import math
import re
from typing import Any, Final

UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NUL, and with "?" for anything that isn't a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def clean_json(value: Any) -> Any:
    """A decoded JSON value with all texts cleaned, and numbers such as NaN as text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): clean_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [clean_json(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
