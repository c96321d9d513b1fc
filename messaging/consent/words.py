"""The reserved words, and how a text is read as one word.

They are those that Twilio acts on by itself (its keyword FAQ, error 30004 for REVOKE and OPTOUT, "Opt-out keywords"
for ARRET and ARRETE); it does so only where the word is the whole text.
"""

import re
import unicodedata
from typing import Final

from ..text.encoding import MAX_CHARACTERS

OPT_OUT_WORDS: Final = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ARRET", "ARRETE", "ARRETT"}
)
OPT_IN_WORDS: Final = frozenset({"START", "UNSTOP"})
# An opt-in only from who opted out, and where nothing else asks for it: it answers every other question too.
YES: Final = "YES"
HELP_WORDS: Final = frozenset({"HELP", "INFO"})

# No keyword is longer.
_MOST_LETTERS: Final = 100
_VARIATION_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def as_keyword(text: str) -> str:
    """As keywords are compared: in upper case, with compatible letters as the plain ones, and without characters that
    nobody sees. What is so already comes out unchanged."""
    seen = _VARIATION_SELECTORS.sub("", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold().upper())


def bare_word(body: str) -> str:
    """The text as one word in upper case, without what surrounds it; "" where it is not one word.

    Full-width and other compatible letters are read as the plain ones. Space, punctuation, quotes, emoji and
    characters that nobody sees are what may surround it.
    """
    body = body.strip()
    if len(body) > MAX_CHARACTERS or sum(map(str.isalnum, body)) > _MOST_LETTERS:
        return ""
    word = as_keyword(body)
    inside = [place for place, character in enumerate(word) if character.isalnum()]
    word = word[inside[0] : inside[-1] + 1] if inside else ""
    return "" if len(word.split()) > 1 else word
