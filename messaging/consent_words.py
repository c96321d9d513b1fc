"""What a text says about consent: the reserved words, and free wording that asks us to stop.

The reserved words are those that Twilio acts on by itself (its keyword FAQ, and error 30004 for REVOKE and OPTOUT);
it does so only where the word is the whole text. Other wording counts as well where a reasonable person would read
it as an opt-out (47 CFR 64.1200(a)(10)): what is beyond doubt is clear, the rest is for a person to decide. The
phrases, with examples: docs/consent.md.
"""

import re
import unicodedata
from typing import Final

from . import consent_phrases

OPT_OUT_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN_WORDS: Final = frozenset({"START", "UNSTOP"})
# An opt-in only from who opted out, and where nothing else asks for it: it answers every other question too.
YES: Final = "YES"
HELP_WORDS: Final = frozenset({"HELP", "INFO"})

# Twilio delivers no text that is longer. What comes after this many characters is not looked at.
LONGEST: Final = 1600

_VARIATION_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))


def fold(text: str) -> str:
    """In upper case, with compatible letters as the plain ones, and without characters that nobody sees.

    What is folded comes out unchanged when it is folded again.
    """
    seen = _VARIATION_SELECTORS.sub("", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold().upper())


def bare_word(body: str) -> str:
    """The text as one word in upper case, without what surrounds it; "" where it is not one word.

    Full-width and other compatible letters are read as the plain ones. Space, punctuation, quotes, emoji and
    characters that nobody sees are what may surround it.
    """
    body = body.strip()
    if len(body) > LONGEST:
        return ""
    word = fold(body)
    inside = [place for place, character in enumerate(word) if character.isalnum()]
    word = word[inside[0] : inside[-1] + 1] if inside else ""
    return "" if len(word.split()) > 1 else word


def is_clear_opt_out(body: str) -> bool:
    """Whether the text asks beyond doubt for no more texts: by a reserved word or in so many words."""
    if bare_word(body) in OPT_OUT_WORDS:
        return True
    text = _plain(body)
    return (_spells_opt_out(text) and not _has_digits(text)) or consent_phrases.is_clear(text)


def is_unclear(body: str) -> bool:
    """Whether the text may ask for no more texts, and a person has to decide it. Never true of a clear one."""
    text = _plain(body)
    return not is_clear_opt_out(body) and (_spells_opt_out(text) or consent_phrases.is_unclear(text))


def _spells_opt_out(text: str) -> bool:
    """Whether its letters are those of one opt-out word and no others: "s.t.o.p", and "stop 5" as well."""
    return "".join(c for c in text if c.isalpha()).upper() in OPT_OUT_WORDS


def _has_digits(text: str) -> bool:
    """ "End 10:30" and "cancel 2" may answer a question."""
    return any(c.isdigit() for c in text)


def _plain(body: str) -> str:
    """Lower case, without accents and invisible characters, with plain apostrophes; cut at LONGEST."""
    text = unicodedata.normalize("NFKD", body[:LONGEST].translate(_APOSTROPHES))[:LONGEST].lower()
    return "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf", "Me"))
