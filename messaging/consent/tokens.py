"""Tokenizes a text for phrase search: sentences of clauses of words.

Words are lower-case, without accents and apostrophes, in a single spelling ("pls" and "txt" are expanded), and
without repeated letters ("stoooop"). Full-width and other compatibility letters become plain ones.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

# Signs that mean stop.
STOP_SIGNS: Final = "🛑⛔🚫📵🔕🖕"

_MOST_SENTENCES: Final = 60
_MOST_CLAUSES: Final = 40

# "My #" is a number.
_BEFORE_HASH: Final = frozenset({"my", "this", "wrong", "her", "his", "phone", "cell"})
# Phone numbers in the usual North American formats, and international ones.
_PHONE: Final = r"(?<![\w+])(?:\+?\d{1,3}[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?!\w)|\+\d{8,15}(?!\w)"
# The token for such a number.
PHONE: Final = "+number"
# A censored word, such as "f***ing".
_CENSORED: Final = re.compile(r"\b[a-z]{1,4}\*{1,}[a-z]*", re.IGNORECASE)
# Abbreviations whose period doesn't end a sentence.
_SHORTENED: Final = re.compile(r"\b(st|mr|mrs|ms|dr|jr|sr|rev|fr)\.(?= ?\w)", re.IGNORECASE)
_SPELLED: Final = re.compile(r"(?<!\w)s([ .*_/-]{1,2})t\1o\1p(?!\w)", re.IGNORECASE)

T = TypeVar("T")


class _Shown(dict[int, int | None]):
    """For str.translate: nothing for accents that are characters of their own and for what nobody sees."""

    def __missing__(self, code: int) -> int | None:
        is_hidden = code >= 0x300 and unicodedata.category(chr(code)) in {"Mn", "Cf", "Me"}
        self[code] = shown = None if is_hidden else code
        return shown


_SHOWN: Final = _Shown()
_LETTERS: Final = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O"})
_APOSTROPHES: Final = re.compile(r"(?<=\w)['’‘ʼ`´′](?=\w)")
_DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}")
_MARKS: Final = (
    r"(?P<word>[^\W_]+)"
    rf"|(?P<sign>[{STOP_SIGNS}])"
    r"|(?P<hash>\#(?!\w))"
    r"|(?P<sentence>[.!?;\n\r…。！？؟।؛]+)"
    r"|(?P<clause>[,:()\[\]\"“”«»„–—/|、，]|(?<=\s)-+(?=\s)|--+|\s-(?=\w)|^-(?=\s))"
)
_PARTS: Final = re.compile(_MARKS)
_PARTS_AND_PHONES: Final = re.compile(rf"(?P<phone>{_PHONE})|{_MARKS}")
# The fewest digits of a phone number.
_FEWEST_DIGITS: Final = 7


@dataclass(slots=True)
class Clause:
    """The words between two marks, and each as typed. `mark` ends the sentence there, such as "?"."""

    words: list[str]
    typed: list[str]
    mark: str = ""


@dataclass(slots=True)
class Text:
    """`sentences` are non-empty lists of clauses."""

    sentences: list[list[Clause]]

    @property
    def clauses(self) -> list[Clause]:
        return [clause for sentence in self.sentences for clause in sentence]

    def is_at_the_edge(self, clause: Clause) -> bool:
        """Whether the clause is the first one or one of the last, and not the only one."""
        if not self.sentences or len(self.sentences[0]) == len(self.sentences) == 1:
            return False
        last = [each for sentence in self.sentences[-3:] for each in sentence[-3:]][-3:]
        return clause is self.sentences[0][0] or any(clause is each for each in last)

    @property
    def joined(self) -> "Text":
        """The same words as a single clause."""
        clauses = self.clauses
        return Text([[Clause(self.words, [word for each in clauses for word in each.typed])]])

    @property
    def words(self) -> list[str]:
        return [word for clause in self.clauses for word in clause.words]


def composed(text: str) -> str:
    """Lower case, with precomposed accents."""
    return unicodedata.normalize("NFC", text).lower()


def plain(text: str) -> str:
    """Lower case, without accents, apostrophes and invisible characters."""
    return _folded(text).lower()


def _folded(text: str) -> str:
    if not text.isascii():
        # Decomposed letters are longer; a character that decomposes to a whole sentence is cut.
        text = unicodedata.normalize("NFKD", text.translate(_LETTERS))[: 2 * len(text)]
        text = text.translate(_SHOWN)
    return _APOSTROPHES.sub("", text)


def _marked(text: str, most: int) -> str:
    text = _SPELLED.sub("stop", _folded(text[:most]))[: 2 * most]
    if "*" in text:
        text = _CENSORED.sub("fuck", text)
    return _SHORTENED.sub(r"\1", text) if "." in text else text


def read(text: str, spellings: Mapping[str, tuple[str, ...]], most: int) -> Text:
    """Tokenize the first `most` characters of `text`. `spellings` maps variants to words."""
    sentences: list[list[Clause]] = []
    sentence: list[Clause] = []
    clause = Clause([], [])
    marked = _marked(text, most)
    is_drawn_out = bool(_DRAWN_OUT.search(marked.lower()))
    has_phone = sum(map(str.isdigit, marked)) >= _FEWEST_DIGITS
    for part in (_PARTS_AND_PHONES if has_phone else _PARTS).finditer(marked):
        kind = part.lastgroup
        if kind == "hash" and not _BEFORE_HASH.intersection(clause.words[-1:]):
            continue
        if kind == "phone":
            clause.words.append(PHONE)
            clause.typed.append(part[0])
            continue
        if kind in {"word", "sign", "hash"}:
            typed = "number" if kind == "hash" else part[0]
            word = _DRAWN_OUT.sub(r"\1", typed.lower()) if is_drawn_out else typed.lower()
            for each in spellings.get(word) or (word,):
                clause.words.append(each)
                clause.typed.append(typed)
            continue
        if clause.words:
            sentence.append(clause)
            clause = Clause([], [])
        if kind == "sentence" and sentence:
            sentence[-1].mark += part[0]
            sentences.append(sentence)
            sentence = []
    if clause.words:
        sentence.append(clause)
    if sentence:
        sentences.append(sentence)
    return Text([_ends(each, _MOST_CLAUSES) for each in _ends(sentences, _MOST_SENTENCES)])


def _ends(parts: list[T], most: int) -> list[T]:
    """The first and last parts, to limit the work for artificial texts."""
    return parts if len(parts) <= most else parts[: most // 2] + parts[-most // 2 :]
