"""Each recipient's own text: the fields {name}, {full_name} and {first_name} of a message.

A field is whatever stands between braces and has a letter in it. Case, spaces, hyphens, underscores and doubled
braces make no difference: {First name} and {{first_name}} are {first_name}. Braces without a letter between them,
and lone ones, are text; but "{name" and "name}" are refused, for nobody means them.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from messaging.text.encoding import normalize_newlines

TOKENS = ("{name}", "{full_name}", "{first_name}")
NO_NAME = "there"
OPT_OUT_LINE = "Reply STOP to unsubscribe."


class Field(Enum):
    FULL_NAME = auto()
    FIRST_NAME = auto()


_FIELDS = {"name": Field.FULL_NAME, "fullname": Field.FULL_NAME, "firstname": Field.FIRST_NAME}

_BRACED = re.compile(r"(?<!\{)\{++([^{}\n]*+)\}++")
# A field that lost one of its braces would reach everybody as it stands.
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
# These are first names too where they have no dot.
_DOTTED_TITLES = frozenset({"hon.", "gen.", "col.", "maj.", "adm.", "m.", "eng.", "avv.", "dott.ssa", "ph.d."})
# A household is greeted whole.
_GROUPS = frozenset({"the", "family", "familie", "familia", "famille", "família", "famiglia"})
_GROUP_ENDINGS = (" Family", " family", " FAMILY", " Household", " household", " Families")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "dds", "dvm", "rn", "esq", "cpa"})
_CONJUNCTIONS = frozenset({"and", "&", "y", "e", "+", "/"})

# Soft hyphen, zero-width space, word joiner, byte order mark, direction marks and half surrogates: address books
# add them unseen, and a single one would make the text UCS-2. Joiners stay, for some scripts spell with them.
_INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class UnknownToken(ValueError):
    """The body names fields that do not exist. `tokens` are they, as typed; str() is a sentence for staff."""

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
    """A checked message, ready to be rendered for each recipient. Made by `compile_template`."""

    pieces: tuple[str | Field, ...]

    def render(self, name: str | None) -> str:
        """The text for a recipient of this name, or for one without."""
        full_name = clean_name(name)
        return self.fill(full_name, first_name(full_name)) if full_name else self.fill(NO_NAME, NO_NAME)

    def fill(self, full_name: str, first_name: str) -> str:
        """The text with these values, which are taken as they are: braces in them stay braces."""
        return "".join(
            [
                piece if isinstance(piece, str) else full_name if piece is Field.FULL_NAME else first_name
                for piece in self.pieces
            ]
        )


def tidy(body: str) -> str:
    """`body` without blanks around it, and with each line break as one character."""
    return normalize_newlines(body).strip()


def takes_replies() -> bool:
    """Whether people can answer our texts. A sender that is a name, an alphanumeric sender ID, takes no replies
    (Twilio: "Alphanumeric Sender ID")."""
    return not any(character.isalpha() for character in settings.TWILIO_FROM_NUMBER)


def with_opt_out_line(body: str) -> str:
    """`body`, tidied, with OPT_OUT_LINE on a line of its own at the end.

    Left out where the body says that already, and where nobody can reply.
    """
    body = tidy(body)
    if not takes_replies() or OPT_OUT_LINE.rstrip(".").casefold() in " ".join(body.split()).casefold():
        return body
    return f"{body}\n{OPT_OUT_LINE}".lstrip()


def compile_template(body: str) -> Template:
    """The template of `body`, tidied. Raises UnknownToken for a field that does not exist, or that lacks a brace."""
    return Template(_parse(tidy(body)))


def clean_name(name: str | None) -> str:
    """`name` as it is put into a text: on one line, single spaces, nothing invisible. Empty if there is no name."""
    if not name:
        return ""
    # Nearly every name is clean, and this runs for each of a million.
    if name.isprintable() and "  " not in name and name[0] != " " and name[-1] != " ":
        return name
    return _SPACES.sub(" ", _INVISIBLE.sub("", name)).strip()


def first_name(full_name: str) -> str:
    """What to call somebody whose cleaned name is `full_name`: the first word.

    A leading title is passed over if a first and a last name follow ("Dr. Maria Lopez" is Maria), else it stays with
    the name ("Mr. Lopez", "Mr. and Mrs. Lopez"). Of "Lopez, Maria" it is Maria; of "Maria Lopez, PhD" too. A
    household ("The Lopez Family") keeps its whole name.
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
