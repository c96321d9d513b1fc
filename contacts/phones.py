"""Phone numbers: every way into the system goes through `normalise`.

Numbers are kept in E.164 (ITU-T E.164: "+", country code, subscriber number, at most 15 digits), as Twilio
takes them. What counts as a possible number, and what kind it is, is Google's libphonenumber's to say
(its Python port `phonenumbers`). Decided here, because a text would never arrive or would cost the earth:
extensions, letters, short codes and premium-rate numbers are refused.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

MAX_LENGTH: Final = 20

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_EXTENSION: Final = re.compile(r"(?i)(?:ext(?:ension|n)?\.?|(?<=\d)\s*x|[;,#]|durchwahl)\s*[:.=]?\s*\d{1,7}\s*$")
_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?\s*[eE]\s*\+?[0-9]{1,2}")
_SPREADSHEET_NUMBER: Final = re.compile(r"([0-9]{7,15})[.,]0+")


class InvalidPhone(ValidationError):
    """A value that no text can be sent to; its message is a sentence for staff."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="invalid_phone")
        self.sentence = sentence


def normalise(raw: object, region: str | None = None) -> str:
    """The E.164 form of a phone number however it is typed, such as "+17203832388".

    `region` is the two-letter country that a number without "+" belongs to (DEFAULT_PHONE_REGION).
    Raises InvalidPhone with a sentence that names the value, the problem and the remedy.
    """
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = _clean(str(raw) if raw is not None else "")
    if not text:
        raise InvalidPhone("The phone number is missing.")
    return _normalise(text, region or settings.DEFAULT_PHONE_REGION)


@lru_cache(maxsize=4096)
def _normalise(text: str, region: str) -> str:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if _SCIENTIFIC.fullmatch(text):
        raise InvalidPhone(
            f"“{shown}” was shortened by a spreadsheet and has lost digits. "
            "Format the column as text and enter the number again."
        )
    if spreadsheet := _SPREADSHEET_NUMBER.fullmatch(text):
        text = spreadsheet[1]
    if _EXTENSION.search(text):
        raise InvalidPhone(f"“{shown}” has an extension, and a text cannot reach one. Give a direct number.")
    bare = text.removeprefix("tel:")
    if _LETTERS.search(bare):
        raise InvalidPhone(f"“{shown}” has letters in it. Write the number in digits.")
    try:
        number = phonenumbers.parse(bare, region)
    except NumberParseException as error:
        raise InvalidPhone(_unreadable(shown, error)) from None
    if number.extension:
        raise InvalidPhone(f"“{shown}” has an extension, and a text cannot reach one. Give a direct number.")
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT:
            digits = sum(character.isdigit() for character in text)
            if digits <= 6 and not bare.startswith("+"):
                raise InvalidPhone(
                    f"“{shown}” is too short: short codes and internal numbers cannot be texted. "
                    "Give the whole number with its area code."
                )
            raise InvalidPhone(f"“{shown}” is too short for a phone number. Check the digits.")
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise InvalidPhone(f"“{shown}” has no area code. Give the whole number.")
        case ValidationResult.TOO_LONG:
            raise InvalidPhone(f"“{shown}” has too many digits for a phone number. Check the digits.")
        case ValidationResult.INVALID_LENGTH:
            raise InvalidPhone(f"“{shown}” has a number of digits that no phone number there has.")
        case ValidationResult.INVALID_COUNTRY_CODE:
            raise InvalidPhone(f"“{shown}” begins with a country code that does not exist.")
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        raise InvalidPhone(f"“{shown}” is a premium-rate number, which cannot be texted.")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not E164.fullmatch(e164):
        raise InvalidPhone(f"“{shown}” is no phone number that can be written internationally.")
    return e164


def _unreadable(shown: str, error: NumberParseException) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return f"“{shown}” begins with a country code that does not exist."
    if error.error_type == NumberParseException.TOO_LONG:
        return f"“{shown}” has too many digits for a phone number. Check the digits."
    return f"“{shown}” is not a phone number."


def _clean(text: str) -> str:
    """Without what copying and spreadsheets leave around a number: invisible marks, an apostrophe, spaces."""
    if text.isascii() and text.isprintable():
        return text.strip().lstrip("'=").strip(' "')
    visible = "".join(
        " " if unicodedata.category(character) in {"Zs", "Cc"} else character
        for character in text
        if unicodedata.category(character) != "Cf"
    )
    return visible.strip().lstrip("'’=").strip(' "')


def display(e164: str) -> str:
    """The number as people in the default region write it: "(720) 383-2388" at home, "+44 7700 900123" abroad."""
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
