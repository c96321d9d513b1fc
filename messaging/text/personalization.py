"""Personalization: the fields {name}, {full_name} and {first_name} of a message, and those that staff define.

A field is anything between braces that contains a letter. Case, spaces, hyphens, underscores and doubled braces don't
matter: {First name} and {{first_name}} are {first_name}. After a bar is what to write for people without a value:
{first_name|friend}, {grade|your class}, or {grade|} for nothing. Braces without a letter between them, and single
ones, are plain text; but "{name" and "name}" are rejected as mistakes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from messaging.text.encoding import normalize_newlines
from messaging.text.names import clean_name, first_name

TOKENS = ("{name}", "{full_name}", "{first_name}")
# What the compose page offers to insert, with its label.
TOKEN_BUTTONS = (("{first_name}", "First name"), ("{full_name}", "Full name"))
NO_NAME = "there"
OPT_OUT_LINE = "Reply STOP to unsubscribe."
FULL_NAME: Final = "full_name"
FIRST_NAME: Final = "first_name"
# No profile field can have one of these keys.
NAME_KEYS: Final = ("name", FULL_NAME, FIRST_NAME)

# What a person has for each profile field of a message, by key; None without a value.
Values = Mapping[str, str | None]

_BRACED = re.compile(r"(?<!\{)\{++([^{}\n]*+)\}++")
_SEPARATORS = re.compile(r"[\s_-]+")
_LONGEST_QUOTE = 40
_MOST_NAMED = 12


class UnknownToken(ValueError):
    """The body has unknown fields. `tokens` are these fields as typed; str() is a sentence for staff.

    `keys` are the keys of the profile fields that there are.
    """

    def __init__(self, tokens: tuple[str, ...], keys: tuple[str, ...] = ()) -> None:
        super().__init__(tokens, keys)
        self.tokens = tokens
        self.keys = keys

    def __str__(self) -> str:
        quoted = [token if len(token) <= _LONGEST_QUOTE else token[:_LONGEST_QUOTE] + "..." for token in self.tokens]
        refusal = ngettext("%s is not a field.", "%s are not fields.", len(quoted)) % get_text_list(
            quoted, gettext("and")
        )
        nearest = [self._nearest(token) for token in self.tokens]
        if all(nearest):
            return f"{refusal} Did you mean {get_text_list(list(dict.fromkeys(nearest)), gettext('and'))}?"
        known = [*TOKENS, *(f"{{{key}}}" for key in self.keys)]
        if len(known) > _MOST_NAMED:
            known[_MOST_NAMED - 1 :] = [gettext("another of your fields")]
        return f"{refusal} Use {get_text_list(known, gettext('or'))}."

    def _nearest(self, token: str) -> str:
        """The field that was probably meant; "" if none is similar."""
        known = {_plain(key): f"{{{key}}}" for key in (*self.keys, *NAME_KEYS)}
        found = get_close_matches(_plain(token.strip("{}").partition("|")[0]), known, n=1)
        return known[found[0]] if found else ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field in a message: FULL_NAME, FIRST_NAME or the key of a profile field, and the text without a value.

    `is_required` if the message doesn't say what to write without a value.
    """

    key: str
    fallback: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed message, ready to render for each recipient. Made by `compile_template`."""

    pieces: tuple[str | Field, ...]
    # For rendering, which runs for each recipient: the pieces as a format string, and its fields.
    _format: str = field(init=False, repr=False, compare=False)
    _fields: tuple[Field, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = (piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in self.pieces)
        object.__setattr__(self, "_format", "".join(words))
        object.__setattr__(self, "_fields", tuple(piece for piece in self.pieces if isinstance(piece, Field)))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its profile fields, each once, in order."""
        keys = (field.key for field in self._fields)
        return tuple(key for key in dict.fromkeys(keys) if key not in NAME_KEYS)

    @property
    def required_keys(self) -> tuple[str, ...]:
        """Of these, those without which a text can't be written."""
        required = {field.key for field in self._fields if field.is_required}
        return tuple(key for key in self.keys if key in required)

    @property
    def literals(self) -> list[str]:
        """The words in it that staff wrote, including what to write for people without a value."""
        return [piece if isinstance(piece, str) else piece.fallback for piece in self.pieces]

    def render(self, name: str | None, values: Values | None = None) -> str:
        """The text for a recipient with this name, or without one, and with these values of its profile fields."""
        full_name = clean_name(name)
        inserted = {FULL_NAME: full_name, FIRST_NAME: first_name(full_name) if full_name else ""}
        if values:
            inserted.update((key, clean_name(value)) for key, value in values.items())
        return self.fill(inserted)

    def fill(self, inserted: Mapping[str, str]) -> str:
        """The text with these cleaned values by key, "" without one. Braces in them stay braces."""
        return self._format % tuple([inserted[field.key] or field.fallback for field in self._fields])


def tidy(body: str) -> str:
    """`body` without surrounding whitespace, and with each line break as one character."""
    return normalize_newlines(body).strip()


def takes_replies() -> bool:
    """Whether people can reply. Alphanumeric sender IDs take no replies (Twilio: "Alphanumeric Sender ID")."""
    return not any(character.isalpha() for character in settings.TWILIO_FROM_NUMBER)


def with_opt_out_line(body: str) -> str:
    """`body`, tidied, with OPT_OUT_LINE as its last line.

    The line is left out if the body already contains it, or if nobody can reply.
    """
    body = tidy(body)
    if not takes_replies() or OPT_OUT_LINE.rstrip(".").casefold() in " ".join(body.split()).casefold():
        return body
    return f"{body}\n{OPT_OUT_LINE}".lstrip()


def compile_template(body: str, keys: Iterable[str] = ()) -> Template:
    """The template of `body`, tidied. `keys` are those of the profile fields that there are.

    Raises UnknownToken for an unknown field or a missing brace.
    """
    return Template(_parse(tidy(body), tuple(keys)))


def text_sent(body: str, name: str | None, values: Values | None) -> str:
    """The text of a delivery, by its name and its values of the message's profile fields.

    For someone who was left out, the missing field stays as it is. So does a message of another system whose fields
    were never ours.
    """
    values = values or {}
    try:
        template = compile_template(body, values)
    except UnknownToken:
        return body
    missing = {key: f"{{{key}}}" for key in template.required_keys if not values[key]}
    return template.render(name, {**values, **missing})


def _plain(key: str) -> str:
    return _SEPARATORS.sub("", key).casefold()


@lru_cache(maxsize=64)
def _spellings(keys: tuple[str, ...]) -> dict[str, str]:
    """The field of each spelling without separators and in lower case. Names come first."""
    spelled = {_plain(key): key for key in keys} | {key: key for key in keys}
    return spelled | {"name": FULL_NAME, "fullname": FULL_NAME, "firstname": FIRST_NAME}


@lru_cache(maxsize=64)
def _half_braced(keys: tuple[str, ...]) -> re.Pattern[str]:
    """A field with a missing brace, which would be sent as is."""
    words = "|".join([r"(?:(?:full|first)[\s_-]?)?name", *(key.replace("_", r"[\s_-]?") for key in keys)])
    return re.compile(rf"\{{\s*(?:{words})\b|\b(?:{words})\s*(?:\|[^{{}}\n]*)?\}}", re.IGNORECASE)


def _parse(body: str, keys: tuple[str, ...]) -> tuple[str | Field, ...]:
    spellings, half_braced = _spellings(keys), _half_braced(keys)
    pieces: list[str | Field] = []
    unknown: list[str] = []
    start = 0
    for match in _BRACED.finditer(body):
        typed, bar, fallback = match[1].partition("|")
        key = spellings.get(typed.strip()) or spellings.get(_plain(typed))
        if key is None and not any(map(str.isalpha, match[1])):
            continue
        literal = body[start : match.start()]
        unknown += half_braced.findall(literal)
        if key is None:
            unknown.append(match[0])
        else:
            pieces += [literal, _field(key, fallback.strip() if bar else None)]
        start = match.end()
    literal = body[start:]
    unknown += half_braced.findall(literal)
    if unknown:
        raise UnknownToken(tuple(dict.fromkeys(unknown)), keys)
    return tuple(piece for piece in [*pieces, literal] if piece != "")


def _field(key: str, fallback: str | None) -> Field:
    if key in NAME_KEYS:
        return Field(key, NO_NAME if fallback is None else fallback)
    return Field(key, fallback or "", is_required=fallback is None)
