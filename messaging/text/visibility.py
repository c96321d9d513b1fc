"""Whether a text shows anything at all on a phone."""

import re
from typing import Final

# Blanks, control characters, and what Unicode calls default ignorable (DerivedCoreProperties.txt): joiners, marks of
# direction, variation selectors, the fillers of Hangul, tags. The blank pattern of Braille is no more to be seen.
_UNSEEN: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]*"
)


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen in it: nobody means to send that."""
    return _UNSEEN.fullmatch(text) is not None
