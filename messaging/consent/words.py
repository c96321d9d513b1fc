"""Reserved words, and reading a text as a single word.

They are the words that Twilio acts on itself (its keyword FAQ, error 30004 for REVOKE and OPTOUT, "Opt-out keywords"
for ARRET and ARRETE), and only if the word is the whole text.
"""

import re
import unicodedata
from typing import Final

from ..text.encoding import MAX_CHARACTERS

OPT_OUT_WORDS: Final = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ARRET", "ARRETE", "ARRETT"}
)
OPT_IN_WORDS: Final = frozenset({"START", "UNSTOP"})
# An opt-in only from an opted-out person, and only if nothing else expects it, because it can answer any question.
YES: Final = "YES"
HELP_WORDS: Final = frozenset({"HELP", "INFO"})

# No keyword is longer.
_MOST_LETTERS: Final = 100
_VARIATION_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def as_keyword(text: str) -> str:
    """The form for comparing keywords: upper case, with compatibility letters as plain ones, and without invisible
    characters. Idempotent."""
    seen = _VARIATION_SELECTORS.sub("", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold().upper())


def bare_word(body: str) -> str:
    """The text as a single word in upper case; "" if it isn't one word.

    Full-width and other compatibility letters become plain ones. Surrounding whitespace, punctuation, quotes, emoji
    and invisible characters are dropped.
    """
    body = body.strip()
    if len(body) > MAX_CHARACTERS or sum(map(str.isalnum, body)) > _MOST_LETTERS:
        return ""
    word = as_keyword(body)
    inside = [place for place, character in enumerate(word) if character.isalnum()]
    word = word[inside[0] : inside[-1] + 1] if inside else ""
    return "" if len(word.split()) > 1 else word
