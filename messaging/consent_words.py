"""What a text says about consent: the reserved words, and free wording that asks us to stop.

The reserved words are those that Twilio acts on by itself (its keyword FAQ, and error 30004 for REVOKE and OPTOUT);
it does so only where the word is the whole text. Other wording counts as well where a reasonable person would read
it as an opt-out (47 CFR 64.1200(a)(10)): what is beyond doubt is clear, the rest is for a person to decide. The
phrases, with examples: docs/consent.md.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import Final

from .consent_phrases import (
    ASIDE,
    BEFORE_PLEASE,
    BEGINNINGS,
    CONTRARY,
    FOR_NOW,
    HEDGED,
    KINDS,
    MOST_WORDS,
    NOT_MEANT,
    REQUEST,
    UNCLEAR,
)
from .encoding import MAX_CHARACTERS

OPT_OUT_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN_WORDS: Final = frozenset({"START", "UNSTOP"})
# An opt-in only from who opted out, and where nothing else asks for it: it answers every other question too.
YES: Final = "YES"
HELP_WORDS: Final = frozenset({"HELP", "INFO"})

_VARIATION_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LETTERS: Final = re.compile(r"[^\W_]+")
_NUMBER_SIGN: Final = re.compile(r"\b(my|this|wrong) #(?!\w)")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))


class Wording(Enum):
    """What a text says of our texts: nothing, what a person has to decide, or beyond doubt that they are to stop."""

    ORDINARY = "ordinary"
    UNCLEAR = "unclear"
    CLEAR = "clear"


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
    if len(body) > MAX_CHARACTERS:
        return ""
    word = as_keyword(body)
    inside = [place for place, character in enumerate(word) if character.isalnum()]
    word = word[inside[0] : inside[-1] + 1] if inside else ""
    return "" if len(word.split()) > 1 else word


def is_clear_opt_out(body: str) -> bool:
    """Whether the text asks beyond doubt for no more texts: by a reserved word or in so many words."""
    return wording(body) is Wording.CLEAR


def wording(body: str) -> Wording:
    """What the text says of our texts, as far as its own words go."""
    text = _plain(body)
    is_spelt = _spells_opt_out(text)
    if bare_word(body) in OPT_OUT_WORDS or (is_spelt and not _has_digits(text)):
        return Wording.CLEAR
    if may_speak_of_it(text) and is_clear(text):
        return Wording.CLEAR
    return Wording.UNCLEAR if is_spelt or (may_speak_of_it(text) and is_unclear(text)) else Wording.ORDINARY


def may_speak_of_it(text: str) -> bool:
    """False where `text`, as `_plain` gives it, has no word by which it could be clear or unclear."""
    return not BEGINNINGS.isdisjoint([word[:4] for word in _LETTERS.findall(text)])


def is_clear(text: str) -> bool:
    """Whether free wording, as `_plain` gives it, asks beyond doubt for no more texts.

    It does where a clause says so and names texts or consent. Where it names only a list or a number, each other
    clause has to be polite, a request too, or a reason to want no more texts: "I can't make it" speaks of an event.
    Where it names nothing, as "stop please", the text may say nothing else. Questions, other people's words,
    conditions and exceptions leave doubt.
    """
    kinds = {kind for sentence in _sentences(text) for kind in _kinds(sentence)}
    if "texts" in kinds and not _quotes(text) and not NOT_MEANT.search(text):
        return True
    if "texts" in kinds or "list" in kinds:
        return "other" not in kinds
    return "word" in kinds and not {"reason", "other"} & kinds


def is_unclear(text: str) -> bool:
    """Whether something in it may mean that no more texts are wanted. It may be true of a clear one too."""
    clauses = [clause for sentence in _sentences(text) for clause in _clauses(sentence)]
    parts = dict.fromkeys([*clauses, " ".join(clauses)])
    return any(UNCLEAR.search(CONTRARY.sub(" ", part).strip()) for part in parts)


def _kinds(sentence: str) -> list[str]:
    """The kinds of its clauses: those of `consent_phrases.KINDS`, or "other"."""
    clauses = _clauses(sentence)
    whole = " ".join(clauses)
    doubt = ("?" in sentence and not REQUEST.search(whole)) or FOR_NOW.search(whole)
    hedged = [bool(HEDGED.search(clause)) for clause in clauses]
    return [
        kind
        for clause, is_hedged in zip(clauses, hedged, strict=True)
        for kind in (["other"] if doubt or sum(hedged) > is_hedged else _kinds_of(clause))
    ]


def _kinds_of(clause: str) -> list[str]:
    """Its kind, or two kinds where it has two parts with no comma between."""
    words = clause.split(" ")
    if len(words) > MOST_WORDS:
        return ["other"]
    if kind := _kind(clause):
        return [kind]
    beginnings = [(kind, phrases) for kind, phrases in KINDS if phrases.match(clause)]
    for place in range(1, len(words) if beginnings else 0):
        first = _kind(" ".join(words[:place]), beginnings)
        if first and (second := _kind(" ".join(words[place:]))):
            return [first, second]
    aside, *request = BEFORE_PLEASE.split(clause, maxsplit=1)
    if request and not HEDGED.search(aside) and not ASIDE.search(aside) and _kind(request[0]) == "texts":
        return ["texts"]
    return ["other"]


def _kind(words: str, kinds: Iterable[tuple[str, re.Pattern[str]]] = KINDS) -> str:
    """The first of the kinds that the words are, or ""."""
    return next((kind for kind, phrases in kinds if phrases.fullmatch(words)), "")


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^.!?;\n]+[.!?;\n]*", text)


def _clauses(sentence: str) -> list[str]:
    """Its clauses, each as words with one space between."""
    parts = re.split(r"[,:()\[\]\"“”«»–—/|]| -+ |--", sentence)
    clauses = (" ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", part)) for part in parts)
    return [clause for clause in clauses if clause]


def _quotes(text: str) -> bool:
    """Whether part of the text is between quotation marks, and so may be somebody else's."""
    return bool(re.search(r"[\"“”«»]", text.strip(' \n\t.,!?"“”«»')))


def _spells_opt_out(text: str) -> bool:
    """Whether its letters are those of one opt-out word and no others: "s.t.o.p", and "stop 5" as well."""
    return "".join(c for c in text if c.isalpha()).upper() in OPT_OUT_WORDS


def _has_digits(text: str) -> bool:
    """ "End 10:30" and "cancel 2" may answer a question."""
    return any(c.isdigit() for c in text)


def _plain(body: str) -> str:
    """Lower case, without accents and invisible characters, plain apostrophes, "my #" in words; cut."""
    text = unicodedata.normalize("NFKD", body[:MAX_CHARACTERS].translate(_APOSTROPHES))[:MAX_CHARACTERS].lower()
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf", "Me"))
    return _NUMBER_SIGN.sub(r"\1 number", text)
