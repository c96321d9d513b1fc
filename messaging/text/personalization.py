"""Personalization: the fields {name}, {full_name} and {first_name} of a message.

A field is anything between braces that contains a letter. Case, spaces, hyphens, underscores and doubled braces don't
matter: {First name} and {{first_name}} are {first_name}. Braces without a letter between them, and single ones, are
plain text; but "{name" and "name}" are rejected as mistakes.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from messaging.text.encoding import normalize_newlines

TOKENS = ("{name}", "{full_name}", "{first_name}")
# What the compose page offers to insert, with its label.
TOKEN_BUTTONS = (("{first_name}", "First name"), ("{full_name}", "Full name"))
NO_NAME = "there"
OPT_OUT_LINE = "Reply STOP to unsubscribe."


class Field(Enum):
    FULL_NAME = auto()
    FIRST_NAME = auto()


_FIELDS = {"name": Field.FULL_NAME, "fullname": Field.FULL_NAME, "firstname": Field.FIRST_NAME}

_BRACED = re.compile(r"(?<!\{)\{++([^{}\n]*+)\}++")
# A field with a missing brace, which would be sent as is.
_FIELD_WORD = r"(?:(?:full|first)[\s_-]?)?name"
_HALF_BRACED = re.compile(rf"\{{\s*{_FIELD_WORD}\b|\b{_FIELD_WORD}\s*\}}", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_-]+")
_LONGEST_QUOTE = 40

# Titles with or without a dot, in the languages of contacts/vocabulary.
# fmt: off
_TITLES = frozenset({
    "mr", "mrs", "ms", "mx", "miss", "mister", "madam", "dr", "dra", "doctor", "prof", "profa", "professor",
    "rt", "rev", "revd", "reverend", "fr", "father", "br", "brother", "sister", "msgr", "monsignor", "pastor",
    "rabbi", "imam", "deacon", "bishop", "sir", "dame", "capt", "captain", "cpt", "sgt", "sergeant", "ssgt",
    "cpl", "pfc", "pvt", "lt", "ltc", "cmdr", "officer", "sr", "sra", "srta", "señor", "señora", "señorita",
    "doña", "lic", "ing", "arq", "herr", "frau", "fräulein", "hr", "mme", "mlle", "monsieur", "madame",
    "mademoiselle", "sig", "sigra", "signor", "signora", "dott", "dottssa", "dhr", "mevr", "mevrouw", "meneer",
})
# fmt: on
# Without the dot, these can be first names.
_DOTTED_TITLES = frozenset({"hon.", "gen.", "col.", "maj.", "adm.", "m.", "eng.", "avv.", "dott.ssa", "ph.d."})
# A household keeps its whole name.
_GROUPS = frozenset({"the", "family", "familie", "familia", "famille", "família", "famiglia"})
_GROUP_ENDINGS = (" Family", " family", " FAMILY", " Household", " household", " Families")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "dds", "dvm", "rn", "esq", "cpa"})
_CONJUNCTIONS = frozenset({"and", "&", "y", "e", "+", "/"})

# Soft hyphen, zero-width space, word joiner, byte order mark, direction marks and lone surrogates: address books add
# them, and a single one would force UCS-2. Joiners stay, because some scripts need them.
_INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class UnknownToken(ValueError):
    """The body has unknown fields. `tokens` are these fields as typed; str() is a sentence for staff."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        super().__init__(tokens)
        self.tokens = tokens

    def __str__(self) -> str:
        quoted = [token if len(token) <= _LONGEST_QUOTE else token[:_LONGEST_QUOTE] + "..." for token in self.tokens]
        return ngettext(
            "%(tokens)s is not a field. Use %(known)s.", "%(tokens)s are not fields. Use %(known)s.", len(quoted)
        ) % {"tokens": get_text_list(quoted, gettext("and")), "known": get_text_list([*TOKENS], gettext("or"))}


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed message, ready to render for each recipient. Made by `compile_template`."""

    pieces: tuple[str | Field, ...]

    def render(self, name: str | None) -> str:
        """The text for a recipient with this name, or without one."""
        full_name = clean_name(name)
        return self.fill(full_name, first_name(full_name)) if full_name else self.fill(NO_NAME, NO_NAME)

    def fill(self, full_name: str, first_name: str) -> str:
        """The text with these values. Braces in them stay braces."""
        return "".join(
            [
                piece if isinstance(piece, str) else full_name if piece is Field.FULL_NAME else first_name
                for piece in self.pieces
            ]
        )


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


def compile_template(body: str) -> Template:
    """The template of `body`, tidied. Raises UnknownToken for an unknown field or a missing brace."""
    return Template(_parse(tidy(body)))


def clean_name(name: str | None) -> str:
    """`name` for use in a text: on one line, with single spaces, nothing invisible; "" if there is no name."""
    if not name:
        return ""
    # A fast path: nearly every name is clean, and this runs for each recipient.
    if name.isprintable() and "  " not in name and name[0] != " " and name[-1] != " ":
        return name
    return _SPACES.sub(" ", _INVISIBLE.sub("", name)).strip()


def first_name(full_name: str) -> str:
    """The first name in a cleaned `full_name`: its first word.

    A title is skipped if a first and a last name follow ("Dr. Maria Lopez" gives Maria); otherwise it stays ("Mr.
    Lopez", "Mr. and Mrs. Lopez"). "Lopez, Maria" and "Maria Lopez, PhD" give Maria. A household ("The Lopez Family")
    keeps its whole name.
    """
    word = full_name.partition(" ")[0]
    if word.casefold() in _GROUPS or full_name.endswith(_GROUP_ENDINGS):
        return full_name
    if "," not in full_name and not _is_title(word):
        return word
    words = _given_name_first(full_name).split(" ")
    titles = 0
    while titles < len(words) and _is_title(words[titles]):
        titles += 1
    if titles and (len(words) - titles < 2 or words[titles].casefold() in _CONJUNCTIONS):
        return " ".join(words)
    return words[titles].rstrip(",") or full_name


def _given_name_first(full_name: str) -> str:
    before, _, after = full_name.partition(",")
    given = after.strip()
    suffix = given.partition(" ")[0].replace(".", "").rstrip(",").casefold()
    if not given or suffix in _SUFFIXES or _is_title(given):
        return before.strip() or full_name
    return given


def _is_title(word: str) -> bool:
    folded = word.casefold()
    return folded.rstrip(".") in _TITLES or folded in _DOTTED_TITLES


def _parse(body: str) -> tuple[str | Field, ...]:
    pieces: list[str | Field] = []
    unknown: list[str] = []
    start = 0
    for match in _BRACED.finditer(body):
        field = _FIELDS.get(_SEPARATORS.sub("", match[1]).casefold())
        if field is None and not any(map(str.isalpha, match[1])):
            continue
        literal = body[start : match.start()]
        unknown += _HALF_BRACED.findall(literal)
        if field is None:
            unknown.append(match[0])
        else:
            pieces += [literal, field]
        start = match.end()
    literal = body[start:]
    unknown += _HALF_BRACED.findall(literal)
    if unknown:
        raise UnknownToken(tuple(dict.fromkeys(unknown)))
    return tuple(piece for piece in [*pieces, literal] if piece != "")
