"""Reactions: a heart on one of our texts arrives as a text, in the phone's language.

iPhones write 'Loved “See you at 5”', 'Removed a like from “…”' or 'Reacted 🎉 to “…”'. Google Messages writes
'👍 to “…”' in any language, with hair spaces around the whole and around the quoted text, and zero-width characters
around the emoji. The wording is in `reactions.toml`.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("reactions.toml")

_HAIR: Final = "\u200a"
# None is in an emoji: letters between such marks are a word.
_LETTER: Final = r"[^\W\d_]"
_GOOGLE: Final = re.compile(
    rf"\s*{_HAIR}[^\u200b\u200c{_HAIR}]{{0,60}}(?P<mark>[\u200b\u200c])(?P<emoji>(?:(?!{_LETTER})[^\u200b\u200c]){{1,24}})(?P=mark)"
    rf"[^{_HAIR}]{{0,60}}{_HAIR}(?P<quoted>.*?){_HAIR}[^{_HAIR}]{{0,20}}{_HAIR}?\s*",
    re.DOTALL,
)
# The same without the hair spaces, which some carriers drop.
_GOOGLE_WORN: Final = re.compile(
    rf"[^\u200b\u200c\"“”«»„]{{0,60}}(?P<mark>[\u200b\u200c])(?P<emoji>(?:(?!{_LETTER})[^\u200b\u200c]){{1,24}})(?P=mark)"
    r"[^\"“”«»„]{0,60}[\"“«„](?P<quoted>.*)[\"”»“]\s*",
    re.DOTALL,
)
_INVISIBLE: Final = re.compile("[\u200a\u200b\u200c\u200e\u200f\u2060\u2068\u2069\ufeff\u00ad]")
_EMOJI: Final = (
    "(?:[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u00a9\u00ae]|[#*0-9]\ufe0f?\u20e3|!!|\u203c|\u2049)"
    "[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\u2190-\u2bff\U0001f000-\U0001faff\U000e0020-\U000e007f]{0,12}"
)
# Opening and closing quotation marks of various languages, and what they can be converted to in transit.
_QUOTES: Final = ("“”", "„“", "„”", "«»", "‘’", "「」", "『』", '""', "”“", "””", "‹›", "''")
_OPENING: Final = "".join(dict.fromkeys(pair[0] for pair in _QUOTES))
_CLOSING: Final = "".join(dict.fromkeys(pair[1] for pair in _QUOTES))
_MARKS: Final = frozenset(_OPENING + _CLOSING)


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji added to or removed from a text. `quoted` is the text, perhaps truncated; "" for a picture."""

    emoji: str
    quoted: str
    is_removal: bool = False


def read_reaction(body: str) -> Reaction | None:
    """Parse a reaction; None if the text isn't one."""
    if found := _GOOGLE.fullmatch(body) or _GOOGLE_WORN.fullmatch(body):
        return Reaction(found["emoji"].strip(), found["quoted"].strip(), found["mark"] == "\u200c")
    body = _INVISIBLE.sub("", body).strip()
    quoting, of_pictures = _patterns()
    if _MARKS.isdisjoint(body):
        # Most texts quote nothing, and most wordings do.
        quoting = []
        if len(body) > _LONGEST_OF_PICTURE:
            return None
    for pattern, emoji, is_removal in (*quoting, *of_pictures):
        if found := pattern.fullmatch(body):
            named = found.groupdict()
            return Reaction(emoji or (named.get("emoji") or ""), (named.get("quoted") or "").strip(), is_removal)
    return None


_LONGEST_OF_PICTURE: Final = 60
# The wording, the emoji if the wording implies one, and whether it removes the reaction.
_Pattern = tuple[re.Pattern[str], str, bool]


@cache
def _patterns() -> tuple[list[_Pattern], list[_Pattern]]:
    """Those that quote a text, and the others."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    quoted = rf"[{re.escape(_OPENING)}]\s*(?P<quoted>.*?)\s*[{re.escape(_CLOSING)}]?"
    quoting: list[_Pattern] = []
    others: list[_Pattern] = []
    for section, is_removal in (("added", False), ("removed", True)):
        for emoji, forms in table[section].items():
            for form in forms:
                words = re.escape(form).replace(r"\ ", r"\s*" if max(form) > "\u2fff" else r"\s+")
                words = words.replace("’", "['’]").replace("TEXT2", rf"[{_OPENING}].{{1,30}}?[{_CLOSING}]")
                words = words.replace("EMOJI", rf"(?P<emoji>{_EMOJI})").replace("TEXT", quoted)
                words = words.replace("ANY", r"\S{1,20}(?:\s\S{1,20}){0,2}")
                (quoting if "TEXT" in form else others).append(
                    (
                        re.compile(words + r"\s*[.。]?", re.IGNORECASE | re.DOTALL),
                        "" if emoji == "any" else emoji,
                        is_removal,
                    )
                )
    return quoting, others
