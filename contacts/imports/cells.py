"""What people write into cells: phones with labels, placeholders for names, answers to "May we text you?"."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final

import phonenumbers
from django.conf import settings

from .. import phones
from ..phones import InvalidPhone
from . import vocabulary
from .headings import HOME, MOBILE, PLAIN, WORK
from .vocabulary import plain

_CONCEPTS: Final = vocabulary.concepts("cells")
_NO_VALUES: Final = frozenset(phrase for phrase, meant in _CONCEPTS.items() if "no_value" in meant)
_LONGEST_NO_VALUE: Final = 30
_LONGEST_PHRASE: Final = 4
_MOST_UNKNOWN: Final = 3

_BETWEEN: Final = re.compile(r"(?i):::|[/;,|&\n\r]+|\b(?:or|and|y|o|und|oder|et|ou|e)\b")
_NORTH_AMERICAN: Final = re.compile(
    r"(?:\+?1[\s.-]*)?\(?[2-9][0-9]{2}\)?[\s.-]*[2-9][0-9]{2}[\s.-]*[0-9]{4}(?![0-9])"
)
_LETTER: Final = re.compile(r"[^\W\d_]")
_LETTERS_WITHIN: Final = re.compile(r"\d[^\W\d_]+\d")
_NOT_OF_A_NUMBER: Final = re.compile(r"[^\d+().\s-]+")
_EMPTY_BRACKETS: Final = re.compile(r"[(\[]\s*[)\]]")
_FEWEST_DIGITS: Final = 7
_LONGEST: Final = 200

_TICKS: Final = frozenset("✓✔☑✅🗹")
_CROSSES: Final = frozenset("✗✘☒❌☐🚫🛑")
_OPTED_IN: Final = re.compile(r"(?:opted in|opt in|optin|(?:sms )?subscribed|active)\b")
_E_MAIL: Final = re.compile(r"\S+@\S+\.\S+")


# Phones -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    phone: str
    rank: int


def read_phone(text: str, region: str | None = None) -> tuple[str, str]:
    """The phone in a cell, and a note for staff on which of several numbers was used.

    If the whole cell is one number, in any format, that is it. Otherwise marks and labels ("cell", "(h)", "Mom:") are
    stripped, and of several numbers, the first that can be texted is used, mobile ones before others. Raises
    InvalidPhone with a sentence about what remains unclear: letters that aren't a label, an extension, an opt-out.
    """
    try:
        return phones.normalize(text, region), ""
    except InvalidPhone as error:
        if len(text) > _LONGEST or phones.has_extension(text):
            raise
        if not (_LETTER.search(text) or _BETWEEN.search(text) or _has_two(text)):
            raise
        problem = error
    candidates: list[_Candidate] = []
    problems: list[InvalidPhone] = []
    for part in _parts(text):
        try:
            if found := _candidate(part, region):
                candidates.append(found)
        except InvalidPhone as error:
            problems.append(error)
    if not candidates and not problems and "label_fax" in _labels(text)[0]:
        raise InvalidPhone(f"“{_short(text)}” is a fax or pager number, which can’t be texted.")
    if not candidates:
        raise problems[0] if len(problems) == 1 and "has letters" in problem.sentence else problem
    best = min(candidates, key=lambda candidate: candidate.rank)
    others = {candidate.phone for candidate in candidates} - {best.phone}
    if not others:
        return best.phone, ""
    number = "Two numbers" if len(others) == 1 else f"{len(others) + 1} numbers"
    return best.phone, f"{number} in the cell; we use {phones.display(best.phone)}"


def _has_two(text: str) -> bool:
    return len(_NORTH_AMERICAN.findall(text)) > 1


def _parts(text: str) -> list[str]:
    """Splits the cell into its numbers, each with the words around it."""
    parts = [part for part in _BETWEEN.split(text) if sum(map(str.isdigit, part)) >= _FEWEST_DIGITS]
    if phonenumbers.country_code_for_region(settings.DEFAULT_PHONE_REGION) != 1:
        return parts
    return [piece for part in parts for piece in (_apart(part) if _has_two(part) else [part])]


def _apart(text: str) -> list[str]:
    """Splits two North American numbers with nothing but words and spaces between them."""
    numbers = list(_NORTH_AMERICAN.finditer(text))
    if _LETTER.search(text[: numbers[0].start()]):
        cuts = [match.end() for match in numbers[:-1]]
    else:
        # "720-555-0101 cell 303-555-0102 home": each label follows its number.
        cuts = [match.start() for match in numbers[1:]]
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _candidate(part: str, region: str | None) -> _Candidate | None:
    """The number in one part; None if its label says that it can't be texted (a fax)."""
    if _LETTERS_WITHIN.search(part):
        raise InvalidPhone(f"“{_short(part)}” has letters in it. Write the number in digits.")
    rank = PLAIN
    if _LETTER.search(part):
        found, unknown = _labels(part)
        if "label_no" in found:
            raise InvalidPhone(
                f"“{_short(part)}” has words that suggest not texting it. Give a number that can be texted."
            )
        if unknown and (not found or unknown > _MOST_UNKNOWN):
            raise InvalidPhone(f"“{_short(part)}” has letters in it. Write the number in digits.")
        if "label_fax" in found and "label_mobile" not in found:
            return None
        for concept, rank_of in (("label_mobile", MOBILE), ("label_work", WORK), ("label_home", HOME)):
            if concept in found:
                rank = rank_of
                break
    number = _EMPTY_BRACKETS.sub(" ", _NOT_OF_A_NUMBER.sub(" ", part))
    return _Candidate(phones.normalize(number.strip(" .-"), region), rank)


def _labels(part: str) -> tuple[set[str], int]:
    """What the words of a part mean, and how many mean nothing here."""
    tokens = [token for token in plain(part).split() if not token.isdecimal()]
    found: set[str] = set()
    unknown = position = 0
    while position < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - position), 0, -1):
            meant = _CONCEPTS.get(" ".join(tokens[position : position + length]), frozenset())
            if labels := {concept for concept in meant if concept.startswith("label_")}:
                found |= labels
                position += length
                break
        else:
            unknown += 1
            position += 1
    return found, unknown


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:40]}…"


# Names ------------------------------------------------------------------------------------------------------


def is_no_name(text: str) -> bool:
    """Whether the cell has something other than a name: N/A, dashes, a number, an e-mail address."""
    if text.isascii() and text.replace(" ", "").isalnum():
        # Nearly every name, for which `plain` would take longer than everything else.
        return text.replace(" ", "").isdecimal() or text.casefold() in _NO_VALUES
    if not any(map(str.isalpha, text)) or ("@" in text and _E_MAIL.fullmatch(text)) or text == "\\N":
        return True
    return len(text) <= _LONGEST_NO_VALUE and plain(text) in _NO_VALUES


# Answers ----------------------------------------------------------------------------------------------------


class Answer(Enum):
    """What a cell answers to the question of its column. OUT is an opt-out, whatever the question was."""

    BLANK = auto()
    YES = auto()
    NO = auto()
    OUT = auto()
    OTHER = auto()


def read_answer(text: str) -> Answer:
    """What a yes/no or status cell says."""
    return _answer(text[:_LONGEST])


@lru_cache(maxsize=4096)
def _answer(text: str) -> Answer:
    if (sign := text.strip()[:1]) in _TICKS | _CROSSES and sign:
        return Answer.YES if sign in _TICKS else Answer.NO
    words = plain(text)
    if not words or ("no_value" in _CONCEPTS.get(words, ()) and "no" not in _CONCEPTS[words]):
        return Answer.BLANK
    tokens = words.split()
    for length in range(len(tokens), 0, -1):
        # The whole cell, else its beginning: "No, e-mail only", "Yes please".
        meant = _CONCEPTS.get(" ".join(tokens[:length]), frozenset())
        for concept, answer in (("out", Answer.OUT), ("no", Answer.NO), ("yes", Answer.YES)):
            if concept in meant and (length == len(tokens) or len(" ".join(tokens[:length])) > 1):
                return _unless_out(tokens, answer)
    return _unless_out(tokens, Answer.OTHER)


def _unless_out(tokens: list[str], answer: Answer) -> Answer:
    for start in range(len(tokens)):
        for length in range(1, _LONGEST_PHRASE + 1):
            if "out" in _CONCEPTS.get(" ".join(tokens[start : start + length]), ()):
                return Answer.OUT
    return answer


def is_check_mark(text: str) -> bool:
    """Whether the cell is a tick mark, or the text of a ticked box, rather than a word that answers."""
    tokens = plain(text).split()
    return text.strip()[:1] in _TICKS or any(
        "ticked" in _CONCEPTS.get(" ".join(tokens[:length]), ()) and (length > 1 or len(tokens) == 1)
        for length in range(1, _LONGEST_PHRASE + 1)
    )


def refuses(text: str, asks_for_consent: bool, blank_refuses: bool = False) -> bool:
    """Whether the cell says that the person doesn't want texts.

    In a column that asks for consent, a no does; in one of opt-outs, anything but a no: a yes, a date, a reason.
    """
    answer = read_answer(text)
    if answer is Answer.BLANK:
        return blank_refuses and not text.strip()
    if asks_for_consent:
        return answer in {Answer.NO, Answer.OUT}
    return answer is not Answer.NO and not _OPTED_IN.match(plain(text))
