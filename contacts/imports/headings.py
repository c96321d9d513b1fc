"""What a heading means: scores its words, in any spelling and any language of `contacts.imports.vocabulary`.

"FirstName", "first_name", "FIRST NAME *", "1. First name (as on your ID)" and "What is your first name?" are the same
heading. Words are looked up whole and split ("homephone"), text in parentheses explains the rest, and unknown words
make a meaning less likely.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from . import vocabulary
from .vocabulary import plain

# How early a phone is used, by what its heading or label says: the smaller, the earlier.
TEXT: Final = 0
MOBILE: Final = 10
WORK_MOBILE: Final = 20
MAIN: Final = 25
PLAIN: Final = 30
OTHER: Final = 40
WORK: Final = 50
HOME: Final = 60

# How certain a heading makes it that there are phones below.
SURE: Final = 3
LIKELY: Final = 2
POSSIBLE: Final = 1
UNKNOWN: Final = 0
EXCLUDED: Final = -1

_BRACKETS: Final = re.compile(r"[(\[{（【<][^)\]}）】>]*[)\]}）】>]?")
_CAMEL: Final = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])")
_CONCEPTS: Final = vocabulary.concepts("headings")
# What a word says besides its meaning; queried by `_Words.having`.
_BESIDES: Final = frozenset({"child", "guardian", "before_last", "lead_person", "wishes"})
_LONGEST_PHRASE: Final = 5
_LONGEST_HEADING: Final = 300
_SHORT_PIECES: Final = frozenset({"no", "nr", "id"})
_ABOUT_THE_FIELD: Final = frozenset({"date", "time", "timestamp", "status", "reason", "created", "updated", "added"})


@dataclass(frozen=True)
class Meaning:
    """The meaning of one heading. `name` is the part of a name ("first_name", …) or "", with `name_order` the smaller
    the earlier; `consent` is "opt_out", "consent" or ""."""

    phone: int = UNKNOWN
    phone_rank: int = PLAIN
    is_kind: bool = False
    country_code: int = UNKNOWN
    is_area_code: bool = False
    name: str = ""
    name_order: int = 0
    is_half_name: bool = False
    is_half_of_last: bool = False
    names_phone: bool = False
    is_status: bool = False
    has_wishes: bool = False
    consent: str = ""
    is_about_texts: bool = False
    is_about_calls: bool = False
    is_something_else: bool = False
    # The people it refers to, with their numbers: for "Guardian 2 cell" guardian, #2.
    people: frozenset[str] = frozenset()
    is_child: bool = False
    is_guardian: bool = False
    is_before_last: bool = False
    # Of a coach or a teacher: nobody to text, unless the list contains nobody else.
    is_of_lead: bool = False

    @property
    def is_known(self) -> bool:
        """Whether these words belong to headings rather than cells."""
        says_phone = self.phone >= LIKELY or self.country_code >= LIKELY or self.is_kind or self.is_area_code
        return says_phone or bool(self.name or self.consent)


@dataclass(frozen=True)
class _Words:
    """The known phrases of a text, in order, how many words are unknown, and the numbers after words."""

    known: tuple[str, ...]
    unknown: int
    numbers: tuple[str, ...] = ()

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset().union(*(_CONCEPTS[phrase] for phrase in self.known)) - _BESIDES

    def having(self, *wanted: str) -> list[str]:
        return [phrase for phrase in self.known if _CONCEPTS[phrase] & set(wanted)]


@lru_cache(maxsize=4096)
def read(heading: str) -> Meaning:
    """What the heading means."""
    heading = heading[:_LONGEST_HEADING]
    main, inside = _BRACKETS.sub(" ", heading), " ".join(_BRACKETS.findall(heading))
    words, explained = _words(main), _words(inside)
    if not words.known and not words.unknown:
        words, explained = explained, _Words((), 0)
    elif not words.known and explained.known:
        words = _Words(explained.known, words.unknown, words.numbers)
    return _meaning(words, explained)


def _meaning(words: _Words, explained: _Words) -> Meaning:
    found = words.concepts
    phone, rank = _phone(words, explained)
    name, order = _name(words, explained)
    consent, is_about_texts = _consent(words)
    if consent:
        phone = min(phone, LIKELY)
    codes = set(words.having("country_code"))
    is_bare = not words.unknown and not explained.known
    about = found & {"thing", "not_person", "someone_else", "fax", "country_code", "area_code", "kind"}
    return Meaning(
        phone=phone,
        phone_rank=rank,
        names_phone=bool(found & {"phone", "mobile", "home", "work", "text", "reach"}),
        is_status="status" in words.known and not found & {"mail", "not_person", "someone_else"},
        is_kind="kind" in found and bool(found & {"phone", "mobile", "text"}),
        country_code=LIKELY if codes - {"country"} else POSSIBLE if codes else UNKNOWN,
        is_area_code="area_code" in found,
        name=name,
        name_order=order,
        is_half_name=name == "name" and is_bare and found <= {"name", "number", "person", "reach"},
        is_half_of_last="last_half" in found,
        consent=consent,
        is_about_texts=is_about_texts,
        is_about_calls=bool(found & {"call", "phone", "mobile"}),
        is_something_else=bool(about or phone >= SURE or consent),
        people=frozenset(words.having("person")) | {f"#{number}" for number in words.numbers},
        is_child=bool(words.having("child")),
        is_guardian=bool(words.having("guardian")),
        is_before_last=bool(words.having("before_last")),
        has_wishes=bool(words.having("wishes")) and not found & {"mail", "someone_else"},
        is_of_lead=bool(words.having("lead_person")),
    )


# Phones -----------------------------------------------------------------------------------------------------


def _phone(words: _Words, explained: _Words) -> tuple[int, int]:
    found = words.concepts
    says_phone = bool(found & {"phone", "mobile"}) or ("text" in found and "number" in found)
    if found & {"fax", "someone_else"} or ("kind" in found and found & {"phone", "mobile", "text"}):
        return EXCLUDED, PLAIN
    rank = _rank(found)
    if rank == PLAIN and not explained.unknown and len(explained.known) <= 3:
        rank = _rank(explained.concepts - {"text", "main"} or frozenset())
    # "Default Address Phone" is a phone; "Phone status" and "Phone or e-mail" may be one.
    doubts = set(words.having("thing", "country_code", "area_code", "opt_out", "opt_in", "name")) - {"address"}
    if doubts or set(words.having("not")) - {"no"}:
        return (POSSIBLE if says_phone else EXCLUDED), rank
    if says_phone:
        return SURE, rank
    kinds = found & {"home", "work", "text", "reach"}
    if kinds and not words.unknown and not found & {"not_person", "may", "name"}:
        return LIKELY, rank
    if "not_person" in found:
        return EXCLUDED, rank
    if "number" in found or kinds:
        return POSSIBLE, rank
    return UNKNOWN, rank


def _rank(found: frozenset[str]) -> int:
    if "text" in found:
        return TEXT
    if "mobile" in found:
        return WORK_MOBILE if "work" in found else MOBILE
    for concept, rank in (("other", OTHER), ("work", WORK), ("home", HOME), ("main", MAIN)):
        if concept in found:
            return rank
    return PLAIN


def kind_rank(label: str) -> int | None:
    """The rank of a phone by the kind in its row ("* Mobile"); None: it can't be texted (a fax, a pager)."""
    found = _words(label).concepts
    return None if "fax" in found else _rank(found - {"main"})


# Names ------------------------------------------------------------------------------------------------------


def _name(words: _Words, explained: _Words) -> tuple[str, int]:
    """The part of a name that a heading announces, "" for none, and how late it is tried among others for it."""
    found = words.concepts
    strong_preferred = set(words.having("preferred")) - {"preferred", "preferido", "prefere", "preferida"}
    parts = _parts(words)
    if found & {"phone", "mobile", "fax", "text", "kind", "opt_out", "call"}:
        return "", 0
    stand_in = "stand_in" in found and not found & {"person", "first", "last", "first_name", "last_name"}
    if stand_in and not words.unknown and not found & {"thing"}:
        return ("last_name", 5) if words.known in {("family",), ("family", "name")} else ("other_name", 0)
    if found & {"someone_else", "not_person"}:
        return "", 0
    says_name = "name" in found or bool(found & {"first_name", "middle_name", "last_name", "nick"})
    order = 10 * words.unknown + (40 if "thing" in found else 0)
    if "display" in found:
        order += 20
    if not says_name:
        is_bare = not words.unknown and not found & {"thing", "number", "may", "mail"}
        if parts and is_bare and found <= {"first", "middle", "last", "person", "full", "legal", "other", "stand_in"}:
            return _of_parts(parts), order
        if strong_preferred and not found & {"thing", "number"}:
            return "preferred_name", order
        if "person" in found and is_bare and found <= {"person", "reach", "full", "display", "not", "other"}:
            return "name", order + 60
        return "", 0
    if (
        found & {"number"}
        and not found & {"first_name", "last_name", "first", "last", "full"}
        and "name" not in found
    ):
        return "", 0
    if "nick" in found and not parts:
        return "nickname", order
    if "preferred" in found and parts in ([], ["first"]):
        return "preferred_name", order
    if not parts and explained.known and len(explained.known) <= 3 and not explained.unknown:
        parts = _parts(explained)
    if "legal" in found or set(words.having("first", "last")) & {"given", "family"}:
        order += 5
    return (_of_parts(parts) if parts else "name"), order


def _parts(words: _Words) -> list[str]:
    """The parts of a name in the order of the heading: for "Last name, first name" last, first."""
    parts: list[str] = []
    bare = nouns = first_bare = 0
    for phrase in words.known:
        meant = _CONCEPTS[phrase]
        for part in ("first", "middle", "last"):
            if f"{part}_name" in meant or part in meant:
                parts.append(part)
                nouns += f"{part}_name" in meant
                break
        else:
            if "name" in meant:
                first_bare = len(parts) if not bare else first_bare
                bare += 1
    if bare and nouns == len(parts) and len(set(parts)) == 1 and parts[0] != "middle":
        # "Nom et prénom": the name beside a first name is the last name. "Name: first name" has no such noun.
        parts.insert(first_bare, "last" if parts[0] == "first" else "first")
    return parts


def _of_parts(parts: list[str]) -> str:
    kinds = [part for part in dict.fromkeys(parts) if part != "middle"] or ["middle"]
    if len(kinds) == 1:
        return f"{kinds[0]}_name"
    return "last_first" if kinds[0] == "last" else "name"


# Consent ----------------------------------------------------------------------------------------------------


def _consent(words: _Words) -> tuple[str, bool]:
    """Whether the column says who must not or who may be texted, and whether it is about texts in particular."""
    found = words.concepts
    is_about_texts = "text" in found
    is_about_calls = bool(found & {"call", "phone", "mobile"})
    if ("mail" in found and not is_about_texts) or words.having("link"):
        return "", False
    if not is_about_texts and not is_about_calls and not _is_generic(words):
        return "", False
    negation = words.having("not")
    negates = bool(negation) and (negation[0] not in {"no", "n"} or words.known[0] == negation[0])
    is_subject = is_about_texts or is_about_calls or bool(found & {"marketing", "reach"})
    if "opt_out" in found or (negates and is_subject and len(words.known) > 1):
        return "opt_out", is_about_texts
    if "opt_in" in found or ("may" in found and (is_about_texts or is_about_calls or "marketing" in found)):
        return "consent", is_about_texts
    return "", is_about_texts


def _is_generic(words: _Words) -> bool:
    """Whether nothing in the heading limits the consent to something other than messages."""
    things = set(words.having("thing", "not_person", "someone_else"))
    return not words.unknown and things <= _ABOUT_THE_FIELD


# Words ------------------------------------------------------------------------------------------------------


def _words(text: str) -> _Words:
    """The words of a text as it is written or split where the case changes, whichever is known better. Letters that
    are left alone by that are no words."""

    def unknown(spelled: str) -> int:
        return _look_up(spelled).unknown + sum(len(token) == 1 and token.isalpha() for token in spelled.split())

    return _look_up(min((plain(text), plain(_CAMEL.sub(" ", text))), key=unknown))


def _look_up(text: str) -> _Words:
    tokens = [piece for token in text.split() for piece in _split(token)]
    known: list[str] = []
    unknown = position = 0
    while position < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - position), 0, -1):
            phrase = " ".join(tokens[position : position + length])
            if phrase in _CONCEPTS and (length > 1 or _CONCEPTS[phrase] != {"ignored"}):
                known.append(phrase)
                position += length
                break
        else:
            token = tokens[position]
            unknown += not ("ignored" in _CONCEPTS.get(token, ()) or token.isdecimal() or len(token) == 1)
            position += 1
    numbers = tuple(token for before, token in pairwise(tokens) if token.isdecimal() and not before.isdecimal())
    return _Words(tuple(known), unknown, numbers)


@cache
def _single_words() -> frozenset[str]:
    return frozenset(word for phrase in _CONCEPTS for word in phrase.split())


@lru_cache(maxsize=4096)
def _split(token: str) -> tuple[str, ...]:
    """A compound token as the known words it consists of: "homephone" is home, phone. Otherwise the token itself."""
    if token in _single_words() or len(token) > 40:
        return (token,)
    best: list[tuple[str, ...] | None] = [()]
    for end in range(1, len(token) + 1):
        options = []
        for start in range(max(0, end - 20), end):
            piece, before = token[start:end], best[start]
            is_long = len(piece) > 2 or (piece in _SHORT_PIECES and start > 0 and end == len(token))
            if before is not None and is_long and piece in _single_words():
                options.append((*before, piece))
        best.append(min(options, key=len) if options else None)
    return best[-1] or (token,)
