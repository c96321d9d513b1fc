"""Whether a text has anything visible in it."""

import re
from typing import Final

# Whitespace, control characters, and default ignorable code points (DerivedCoreProperties.txt): joiners, direction
# marks, variation selectors, Hangul fillers, tags. Also the blank Braille pattern.
_UNSEEN: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]*"
)


def is_blank(text: str) -> bool:
    """Whether nothing in it is visible."""
    return _UNSEEN.fullmatch(text) is not None
