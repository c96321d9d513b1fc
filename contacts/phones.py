"""Phone numbers: everything that enters the system goes through `normalize`.

Numbers are stored in E.164 (ITU-T E.164: "+", country code, subscriber number, at most 15 digits), which is what
Twilio expects. Google's libphonenumber (its Python port `phonenumbers`) decides what is a possible number and of what
type. We also reject what would never arrive or would cost a fortune: extensions, letters, short codes, premium-rate
numbers, and numbers that the North American Numbering Plan can never assign. A phone with several national spellings
is stored in one of them (`canonical`).
"""

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from smsadmin.lib.e164 import E164 as E164

MAX_LENGTH: Final = 20
# What takes the place of an erased person's phone, with a number that makes it unique.
ERASED: Final = "erased-"

# Longer than any way of writing one number; anything longer is text in the wrong column.
_LONGEST_INPUT: Final = 100
_PLAIN: Final = re.compile(r"[+0-9() -]+|[0-9]{3}\.[0-9]{3}\.[0-9]{4}")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_EXTENSION: Final = re.compile(
    r"(?i)(?:.*(?:(?<![^\W\d_])ext(?:ension|n)?\.?|(?<![^\W\d_])durchwahl|\d\s*x|#)|(?:\D*\d){7,}\D*[;,])\s*[:.=]?\s*\d{1,7}\s*"
)
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?\s*[eE]\s*\+?[0-9]{1,3}")
_SPREADSHEET_NUMBER: Final = re.compile(r"(\+?[0-9]{7,15})[.,]0{1,2}")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([,'’])[0-9]{3}(?:\1[0-9]{3}){1,3}(?:\.0{1,2})?")
_BETWEEN_NUMBERS: Final = re.compile(r"(?i)[/;,|&]+|\bor\b|\band\b|:::")
# URI schemes of phones (RFC 3966, RFC 5724), and the prefixes of WhatsApp and of Meta's lead forms ("p:+1…").
_PREFIX: Final = re.compile(r"(?i)^(?:(?:tel|sms|mms|smsto|callto|whatsapp|p)\s*:)+\s*(?=[+(\d\s])")
# Patterns of the E.164 forms of one phone, and the one that is stored. Carriers and WhatsApp deliver texts from
# either.
_SPELLINGS: Final = (
    # Mexico: the 1 before mobile numbers, and the trunk prefixes, ended in 2019 (IFT; twilio.com/guidelines/mx).
    (re.compile(r"\+52(?:1|01|044|045)([0-9]{10})"), r"+52\1"),
    # Argentina: a 9 before mobile numbers when called from abroad (ENACOM); only mobiles can be texted.
    (re.compile(r"\+54([1-8][0-9]{9})"), r"+549\1"),
    # Brazil: mobile numbers got a ninth digit by 2016 (Anatel, Resolução 553/2010); landlines begin with 2-5.
    (re.compile(r"\+55([1-9][0-9])([6-9][0-9]{7})"), r"+55\g<1>9\2"),
)
_SEVERAL_SPELLINGS: Final = frozenset({52, 54, 55})
# North American Numbering Plan: area code and exchange are NXX, but not N11, with N from 2 to 9 (NANPA).
_TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_ASCENDING: Final = "01234567890123456789"
_DESCENDING: Final = _ASCENDING[::-1]
_FILLERS: Final = frozenset(
    [digit * 10 for digit in "0123456789"]
    + [row[start : start + 10] for row in (_ASCENDING, _DESCENDING) for start in range(10)]
)
_FILLS: Final = "is a placeholder, not a real phone number. Give the real one."
_HAS_EXTENSION: Final = "has an extension, which can’t be texted. Give a direct number."
# What people type or copy in front of a number without meaning anything by it.
_LEADING_MARKS: Final = "'’=\" "


class InvalidPhone(ValidationError):
    """A value that cannot be texted; its message is a sentence for staff."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="invalid_phone")
        self.sentence = sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.sentence,)


def normalize(raw: object, region: str | None = None) -> str:
    """The E.164 form of a phone number in any format, such as "+17203832388".

    `raw` may also be a number, as from a spreadsheet, or bytes in UTF-8. `region` is the two-letter country of a
    number without "+" (DEFAULT_PHONE_REGION). Normalizing the result again changes nothing. Raises InvalidPhone with
    a sentence that names the value, the problem and the remedy.
    """
    text = _clean(_as_text(raw))
    if not text:
        raise InvalidPhone("The phone number is missing.")
    if len(text) > _LONGEST_INPUT:
        raise InvalidPhone(f"“{_shown(text)}” is too long for a phone number.")
    return _normalize(text, region or settings.DEFAULT_PHONE_REGION)


def canonical(e164: str) -> str:
    """The stored form of a phone that has several in its country's plan: +521… becomes +52….

    Accepts any text, changes only such E.164 numbers, and does not need the phone library to know the number.
    """
    if e164[:3] in ("+52", "+54", "+55"):
        for pattern, kept in _SPELLINGS:
            if found := pattern.fullmatch(e164):
                return found.expand(kept)
    return e164


def has_extension(text: str) -> bool:
    """Whether the text is one number followed by an extension."""
    return bool(_EXTENSION.fullmatch(_clean(text)))


def as_stored(raw: object) -> str:
    """Like `normalize`, but accepts any number in E.164, even one the library doesn't know.

    For numbers known to exist because someone texted from them or was texted there.
    """
    if isinstance(raw, str) and E164.fullmatch(raw):
        return canonical(raw)
    return normalize(raw)


def _as_text(raw: object) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bytes | bytearray | memoryview):
        return bytes(raw).decode("utf-8", "replace")
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e16:
        return str(int(raw))
    if isinstance(raw, int) and abs(raw) >= 10**_LONGEST_INPUT:
        return "9" * (_LONGEST_INPUT + 1)
    return str(raw)


@lru_cache(maxsize=4096)
def _normalize(text: str, region: str) -> str:
    plain = text if _PLAIN.fullmatch(text) else _without_decoration(text)
    number = _in_kept_spelling(_parse(plain, region, text))
    if number.extension:
        raise InvalidPhone(f"“{_shown(text)}” {_HAS_EXTENSION}")
    if problem := _why_impossible(number, plain):
        raise InvalidPhone(f"“{_shown(text)}” {problem}")
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        raise InvalidPhone(f"“{_shown(text)}” is a premium-rate number, which can’t be texted. Give another number.")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not E164.fullmatch(e164) or not _is_stable(number, e164):
        raise InvalidPhone(f"“{_shown(text)}” can’t be dialed from abroad, so it can’t be texted. Check the digits.")
    return e164


def _without_decoration(text: str) -> str:
    """The digits and their punctuation, if whatever else is in the text means nothing.

    Raises InvalidPhone if it does mean something: another number, an extension, letters.
    """
    if _SCIENTIFIC.fullmatch(text):
        raise InvalidPhone(
            f"“{_shown(text)}” was shortened by a spreadsheet and has lost digits. "
            "Format the column as text and enter the number again."
        )
    if spreadsheet := _SPREADSHEET_NUMBER.fullmatch(text):
        return spreadsheet[1]
    if _THOUSANDS.fullmatch(text):
        return re.sub(r"\D", "", text.partition(".")[0])
    if sum(len(re.sub(r"\D", "", part)) >= 7 for part in _BETWEEN_NUMBERS.split(text)) > 1:
        raise InvalidPhone(f"“{_shown(text)}” is more than one number. Give one number per person.")
    text = _PREFIX.sub("", text)
    if _EXTENSION.fullmatch(text):
        raise InvalidPhone(f"“{_shown(text)}” {_HAS_EXTENSION}")
    if not any(character.isdigit() for character in text):
        raise InvalidPhone(f"“{_shown(text)}” is not a phone number.")
    if _LETTERS.search(text):
        raise InvalidPhone(f"“{_shown(text)}” has letters in it. Write the number in digits.")
    return text.replace(",", " ")


def _parse(text: str, region: str, original: str) -> phonenumbers.PhoneNumber:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        shown = _shown(original)
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise InvalidPhone(f"“{shown}” starts with a country code that doesn’t exist.") from None
        if error.error_type == NumberParseException.TOO_LONG:
            raise InvalidPhone(f"“{shown}” has too many digits for a phone number. Check the digits.") from None
        raise InvalidPhone(f"“{shown}” is not a phone number.") from None
    if text.startswith("00") and not phonenumbers.is_possible_number(number):
        # How to dial abroad from most of the world, also understood in countries that differ (US: 011).
        with suppress(NumberParseException):
            return phonenumbers.parse("+" + text[2:], region)
    return number


def _in_kept_spelling(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    if number.country_code not in _SEVERAL_SPELLINGS:
        return number
    spelled = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    return phonenumbers.parse(kept) if (kept := canonical(spelled)) != spelled else number


def _why_impossible(number: phonenumbers.PhoneNumber, text: str) -> str:
    """The end of the sentence that begins with the value, or "" if a number with that many digits can exist."""
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.IS_POSSIBLE:
            return _why_never_given_out(number)
        case ValidationResult.TOO_SHORT:
            digits = sum(character.isdigit() for character in text)
            if digits <= 6 and not text.startswith("+"):
                return (
                    "is too short: short codes and internal numbers can’t be texted. "
                    "Give the full number with its area code."
                )
            return "is too short for a phone number. Check the digits."
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return "has no area code. Give the full number."
        case ValidationResult.TOO_LONG:
            abroad = "" if text.startswith("+") else " Numbers abroad start with + and the country code."
            return f"has too many digits for a phone number. Check the digits.{abroad}"
        case ValidationResult.INVALID_COUNTRY_CODE:
            return "starts with a country code that doesn’t exist."
        case _:
            return "has the wrong number of digits for its country. Check the digits."


def _why_never_given_out(number: phonenumbers.PhoneNumber) -> str:
    """Like `_why_impossible`, for numbers of the right length that can never be assigned."""
    if number.country_code != 1:
        digits = phonenumbers.national_significant_number(number)
        is_filler = len(set(digits)) == 1 or digits in _ASCENDING or digits in _DESCENDING
        return _FILLS if is_filler and not phonenumbers.is_valid_number(number) else ""
    digits = f"{number.national_number:010d}"
    area, exchange = digits[:3], digits[3:6]
    if digits in _FILLERS:
        return _FILLS
    if area[0] in "01" or area[1:] == "11":
        return f"can’t exist: {area} isn’t a North American area code. Check the digits."
    if exchange[0] in "01" or (exchange[1:] == "11" and area not in _TOLL_FREE):
        return f"can’t exist: in North America, {exchange} never follows the area code. Check the digits."
    return ""


def _is_stable(number: phonenumbers.PhoneNumber, e164: str) -> bool:
    """Whether reading the E.164 form again yields the same number.

    Some impossible-looking numbers lose another leading digit, as a trunk prefix, each time they are read. North
    American numbers don't: they all have the same length.
    """
    return number.country_code == 1 or phonenumbers.parse(e164) == number


def _shown(text: str) -> str:
    """The value as a sentence can quote it: short, and without characters that a page or terminal cannot show."""
    readable = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:41]
    )
    return readable if len(text) <= 40 else f"{readable[:40]}…"


def _clean(text: str) -> str:
    """Without what copying and spreadsheets leave around a number: invisible characters, an apostrophe, spaces."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            " " if unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc"} else character
            for character in text[: 10 * _LONGEST_INPUT]
            if unicodedata.category(character) != "Cf"
        )
    return text.lstrip(_LEADING_MARKS).rstrip(' "')


def is_erased(phone: str) -> bool:
    """Whether it stands for the phone of an erased person."""
    return phone.startswith(ERASED)


def display(e164: str) -> str:
    """The number as people in the default region write it: "(720) 383-2388" at home, "+44 7700 900123" abroad."""
    if is_erased(e164):
        return "(erased)"
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    home = phonenumbers.country_code_for_region(settings.DEFAULT_PHONE_REGION)
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == home
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)
