"""Encoding and segments of texts: the character rules of SMS.

Source of the rules: 3GPP TS 23.038 (GSM 03.38), sections 6.2.1 (default alphabet and its extension table) and
6.2.3 (UCS-2), and 3GPP TS 23.040, 9.2.3.24.1 (in concatenated messages a header takes 7 septets or 3 code units).

A text is sent as GSM-7 if each of its characters is in the default alphabet or its extension table, and otherwise as
UCS-2. Control characters, including NUL and escape, are in neither table and force UCS-2, as in Twilio's own segment
calculator (github.com/TwilioDevEd/message-segment-calculator). It differs from this module in one way: it keeps an
emoji of several code points in one segment, and we keep only surrogate pairs together.

Nothing is normalized before measuring, because nothing is before sending: an "é" typed as two characters (e and an
accent) is UCS-2, although "é" itself is GSM-7; `to_gsm` fixes that.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

# In the order of the standard's table, row by row, without 0x1B (escape).
BASIC_CHARACTERS = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION_CHARACTERS = "\f^{}\\[~]|€"

# Twilio refuses a longer Body with error 21617 (Messages resource, parameter Body).
MAX_CHARACTERS = 1600


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


# Units of a text in one segment, and of each segment of a longer text.
_CAPACITY = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}

_NOT_GSM = "[^" + re.escape(BASIC_CHARACTERS + EXTENSION_CHARACTERS) + "]"
_find_not_gsm = re.compile(_NOT_GSM).search
_find_extensions = re.compile("[" + re.escape(EXTENSION_CHARACTERS) + "]").findall
_find_surrogate_pairs = re.compile("[\U00010000-\U0010ffff]").findall


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of one text.

    `units` are septets in GSM-7 (an extension character takes two) and UTF-16 code units in UCS-2 (an emoji
    takes two or more). `segments` are the billed parts, 0 for an empty text. `remaining` is how many units are left
    in the last segment. `characters` are code points, which we take the limit of 1,600 to mean.
    """

    encoding: Encoding
    units: int
    segments: int
    remaining: int
    characters: int

    @property
    def is_too_long(self) -> bool:
        return self.characters > MAX_CHARACTERS


def is_gsm(text: str) -> bool:
    return _find_not_gsm(text) is None


def measure(text: str) -> Measure:
    """Encoding, units and segments of `text` as it would be sent."""
    characters = len(text)
    encoding, wide = _classify(text)
    units = characters + len(wide)
    single, part = _CAPACITY[encoding]
    if units <= single:
        return Measure(encoding, units, 1 if text else 0, single - units, characters)
    if not wide:
        segments = -(-units // part)
        return Measure(encoding, units, segments, segments * part - units, characters)
    starts, used = _pack(text, frozenset(wide), part)
    return Measure(encoding, units, len(starts), part - used, characters)


def split(text: str) -> list[str]:
    """The text of each segment, in order. An empty text has none."""
    encoding, wide = _classify(text)
    single, part = _CAPACITY[encoding]
    if len(text) + len(wide) <= single:
        return [text] if text else []
    starts, _ = _pack(text, frozenset(wide), part)
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def normalize_newlines(text: str) -> str:
    """`text` with each line break as one line feed. Browsers post two characters, which would both be billed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _classify(text: str) -> tuple[Encoding, list[str]]:
    """The encoding of `text`, and all of its characters that take two units."""
    if _find_not_gsm(text) is None:
        return Encoding.GSM_7, _find_extensions(text)
    return Encoding.UCS_2, _find_surrogate_pairs(text)


def _pack(text: str, wide: frozenset[str], capacity: int) -> tuple[list[int], int]:
    """Where each segment of `text` starts, and the units used in the last one.

    More than a division: an escape and its character, or the halves of a surrogate pair, stay in one segment, so a
    segment may end one unit early.
    """
    starts = [0]
    used = 0
    for index, character in enumerate(text):
        width = 2 if character in wide else 1
        if used + width > capacity:
            starts.append(index)
            used = 0
        used += width
    return starts, used


# What to type instead. Characters that Unicode decomposes (accented letters, fractions, full-width and styled
# letters, ligatures, most spaces, the ellipsis) need no entry. Neither do format and control characters, which are
# dropped.
_REPLACEMENTS = {
    **dict.fromkeys("‘’‚‛′‵‹›ʹʻʼʽˈˊˋ`´❛❜", "'"),
    **dict.fromkeys("“”„‟″‶«»ʺˮ〝〞❝❞¨", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃•‣▪■●○◦·∙⸺⸻─━", "-"),
    **dict.fromkeys("★☆∗⁎✱✳", "*"),
    **dict.fromkeys("\t\u1680", " "),
    # Word pastes its soft line break as a vertical tab.
    **dict.fromkeys("\v\x85\u2028\u2029", "\n"),
    "\ufffc": "",
    "⁄": "/",
    "∕": "/",
    "÷": "/",
    "×": "x",
    "✕": "x",
    "✖": "x",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "∼": "~",
    "˜": "~",
    "ˆ": "^",
    "¦": "|",
    "→": "->",
    "➔": "->",
    "➜": "->",
    "➡": "->",
    "⇒": "=>",
    "←": "<-",
    "⬅": "<-",
    "¯": "-",
    "¸": ",",
    "°": " deg",
    "¢": "c",
    "©": "(c)",
    "®": "(R)",
    "™": "(TM)",
    "µ": "u",
    "∆": "Δ",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ı": "i",
    "œ": "oe",
    "Œ": "OE",
    "ħ": "h",
    "Ħ": "H",
    "ẞ": "SS",
}

_NAMES = {"\0": "null character", "\t": "tab", "\v": "vertical tab", "\x1b": "escape character", "\x85": "next line"}

# Accents, variation selectors and skin tones, which modify the character before them. The overlays U+0334 to U+0338
# aren't accents here: a struck-out character isn't the same without its stroke.
_ACCENTS = "\u0300-\u0333\u0339-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_MODIFIERS = f"[{_ACCENTS}\u0334-\u0338\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_JOINED = f"(?:\u200d[^\0-\x7f]{_MODIFIERS}*)*"
_is_accent = re.compile(f"[{_ACCENTS}]").match
_FORCING = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[\\s\\S]{_MODIFIERS}+{_JOINED}|{_NOT_GSM}{_JOINED}",
)


@dataclass(frozen=True, slots=True)
class Forcing:
    """A character that makes the whole text UCS-2.

    `character` is what a reader sees as one character: an emoji with a skin tone, a flag, or a letter with a separate
    accent can be several code points. `name` is Unicode's, in lower case. `replacement` is what to type instead: ""
    to leave it out, None if there is no equivalent.
    """

    character: str
    name: str
    count: int
    replacement: str | None


def forcing_characters(text: str) -> list[Forcing]:
    """The characters that force `text` to UCS-2, each once, in order of appearance."""
    found = Counter(match[0] for match in _FORCING.finditer(text))
    return [
        Forcing(character, _name(character), count, _replacement(character)) for character, count in found.items()
    ]


def to_gsm(text: str, *, drops_rest: bool = False) -> str:
    """Replace characters with GSM-7 equivalents where there are any. Others stay, or go if `drops_rest`."""

    def replace(match: re.Match[str]) -> str:
        replacement = _replacement(match[0])
        if replacement is None:
            return "" if drops_rest else match[0]
        before = text[match.start() - 1 : match.start()]
        # "1½" isn't 11/2, and "10²" isn't 102.
        if before.isnumeric() and match[0].isnumeric() and not match[0].isdecimal():
            return " " + replacement
        return replacement

    return _FORCING.sub(replace, text)


def _replacement(character: str) -> str | None:
    parts = [_nearest(part) for part in unicodedata.normalize("NFC", character)]
    return _join(parts)


@lru_cache(maxsize=4096)
def _nearest(character: str) -> str | None:
    """The closest GSM-7 text to a code point. Accents are dropped one at a time: "ấ" becomes "a", "ǻ" becomes "å"."""
    if is_gsm(character):
        return character
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    if unicodedata.category(character) in {"Cc", "Cf"} or _is_accent(character):
        return ""
    # "00E5 0301" or "<compat> 0066 0069": hexadecimal code points, perhaps after a tag.
    parts = [part for part in unicodedata.decomposition(character).split() if not part.startswith("<")]
    return _join([_nearest(chr(int(part, 16))) for part in parts]) if parts else None


def _join(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _name(character: str) -> str:
    composed = unicodedata.normalize("NFC", character)
    if len(composed) < len(character):
        return f"{_name(composed)} (typed as {len(character)} characters)"
    visible = [part for part in composed if part not in "\u200d\ufe0e\ufe0f"] or list(composed)
    return " + ".join(
        _NAMES.get(part) or unicodedata.name(part, "").lower() or f"character U+{ord(part):04X}" for part in visible
    )
