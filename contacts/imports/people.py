"""From the cells of a line to a person: a phone that can be texted, the name, and whether they want texts."""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import dropwhile, takewhile
from typing import Any, Final, NamedTuple

import phonenumbers

from smsadmin.lib.csv_files import undefuse

from ..phones import InvalidPhone
from . import cells as words
from . import columns, countries, headings
from .cells import Answer
from .column_samples import text_of
from .columns import PHONES, REFUSALS, Layout, Role
from .formats.tables import Line
from .headings import Meaning
from .vocabulary import plain

MAX_NAME: Final = 100

_UNREADABLE: Final = "\ufffd"
# Characters that are meant to be invisible; joiners in emoji and in Persian and Indic scripts belong to the letters.
_INVISIBLE: Final = frozenset(
    "\u00ad\u200b\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_LONGEST_LOCAL: Final = 9

# The phone, a note for staff, and the column that it comes from.
ReadPhone = Callable[[Sequence[Any]], tuple[str, str, int]]
ReadName = Callable[[Sequence[Any]], str | None]


class Person(NamedTuple):
    """One line: the phone in E.164, the name if there is one, whether the person doesn't want texts according to the
    file, what staff should know about how it was read, and whether a column that asks for consent has no answer."""

    phone: str
    name: str | None = None
    opts_out: bool = False
    note: str = ""
    is_unsaid: bool = False


class NoPerson(Exception):
    """A line that isn't a person; `sentence` tells staff why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def reader(layout: Layout) -> Callable[[Sequence[Any]], Person]:
    """Returns a function that reads the cells of a line as a person, or raises NoPerson with a sentence."""
    read_phone, names = _phone_reader(layout), _name_readers(layout)
    refusals = [(index, role) for index, role in enumerate(layout.roles) if role in REFUSALS]

    def read(cells: Sequence[Any]) -> Person:
        try:
            phone, note, index = read_phone(cells)
        except InvalidPhone as error:
            raise NoPerson(error.sentence) from None
        name = names[index](cells)
        if not refusals:
            return Person(phone, name, False, note)
        opts_out, is_unsaid = _read_refusals(cells, refusals)
        return Person(phone, name, opts_out, note, is_unsaid)

    return read


def _read_refusals(cells: Sequence[Any], refusals: list[tuple[int, Role]]) -> tuple[bool, bool]:
    """Whether any column says that the person doesn't want texts, and whether one that should say so is empty."""
    is_unsaid = False
    for index, role in refusals:
        text = cell(cells, index)
        if role == Role.WISHES:
            refuses = words.read_answer(text) is Answer.OUT
        else:
            refuses = words.refuses(text, role != Role.OPT_OUT, role == Role.TICKED_CONSENT)
        if refuses:
            return True, False
        if role == Role.CONSENT and words.read_answer(text) in {Answer.BLANK, Answer.OTHER}:
            is_unsaid = True
    return False, is_unsaid


def count_people(sample: Sequence[Line]) -> tuple[int, bool]:
    """How many of the first lines of a sheet are people, by the layout detected in them, and whether it is certainly
    a list of people: a heading names the phones."""
    layout = columns.detect([line for line in sample if not line.is_blank])
    if not layout.has_phone:
        return 0, False
    read_person = reader(layout)
    count = 0
    for line in sample:
        if line.number > layout.header_line:
            with suppress(NoPerson):
                read_person(line.cells)
                count += 1
    return count, any(headings.read(layout.headings[i]).phone == headings.SURE for i in phone_columns(layout))


def cell(cells: Sequence[Any], index: int) -> str:
    """The text of a cell, undoing what an export may have defused; "" if the line is too short."""
    if index >= len(cells):
        return ""
    value = cells[index]
    return undefuse(value if type(value) is str else text_of(value))


# The phone --------------------------------------------------------------------------------------------------


def phone_columns(layout: Layout) -> list[int]:
    """The columns with phones in the order in which they are tried: those for texts first, home phones last."""

    def order(index: int) -> tuple[bool, int, int]:
        return layout.roles[index] != Role.PHONE, columns.phone_order(layout.headings[index]), index

    return sorted((i for i, role in enumerate(layout.roles) if role in PHONES), key=order)


def _phone_reader(layout: Layout) -> ReadPhone:
    tried = phone_columns(layout)
    kinds, codes = _kinds(layout, tried), _codes(layout, tried, Role.COUNTRY_CODE)
    if areas := _codes(layout, tried, Role.AREA_CODE):
        return lambda cells: _any_phone(_with_areas(cells, areas), tried, codes)
    if layout.region and not codes:
        return lambda cells: _any_phone(cells, tried, codes, layout.region)
    if len(tried) == 1 and not kinds and not codes:
        only = tried[0]
        return lambda cells: (*words.read_phone(cell(cells, only)), only)
    if not kinds:
        return lambda cells: _any_phone(cells, tried, codes)
    return lambda cells: _any_phone(cells, _by_kind(cells, tried, kinds, layout), codes)


def _kinds(layout: Layout, tried: list[int]) -> dict[int, int]:
    """For each phone column, the column that says what kind of phone it is.

    It comes before ("Phone 1 - Label") or after it ("Phone 1 Type"): the one that begins with the same words.
    """
    pairs = {}
    for index, role in enumerate(layout.roles):
        if role == Role.PHONE_KIND and tried:
            pairs[min(tried, key=partial(_distance, layout, index))] = index
    return pairs


def _distance(layout: Layout, kind: int, phone: int) -> tuple[int, bool, int]:
    """How far a phone is from a column of kinds: by the words that both headings begin with, then by place."""
    pairs = zip(_words_of(layout.headings[kind]), _words_of(layout.headings[phone]), strict=False)
    return -sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), phone < kind, abs(phone - kind)


def _words_of(heading: str) -> list[str]:
    """Its words, without the number of the column or the question."""
    return list(dropwhile(str.isdecimal, plain(heading).split()))


def _codes(layout: Layout, tried: list[int], wanted: Role) -> dict[int, int]:
    """For each phone column, the one with its country or area code: the nearest before it, else the nearest."""
    codes = [index for index, role in enumerate(layout.roles) if role == wanted]
    if not codes:
        return {}
    return {phone: min(codes, key=lambda code: (code > phone, abs(code - phone))) for phone in tried}


def _with_areas(cells: Sequence[Any], areas: dict[int, int]) -> list[Any]:
    """The cells, with the area code in front of each phone that has too few digits to include one."""
    joined = list(cells)
    for phone, area in areas.items():
        text = cell(cells, phone)
        if 0 < sum(map(str.isdigit, text)) <= _LONGEST_LOCAL and not text.startswith("+"):
            joined[phone] = f"{cell(cells, area)} {text}"
    return joined


def _by_kind(cells: Sequence[Any], tried: list[int], kinds: dict[int, int], layout: Layout) -> list[int]:
    """The columns in the order of this line's own kinds; without faxes and pagers."""
    ranked = []
    only_fax = False
    for position, index in enumerate(tried):
        rank = headings.kind_rank(cell(cells, kinds[index])) if index in kinds else headings.PLAIN
        if rank is None:
            only_fax = only_fax or bool(cell(cells, index))
            continue
        ranked.append((layout.roles[index] != Role.PHONE, rank, position, index))
    ordered = [entry[-1] for entry in sorted(ranked)]
    if only_fax and not any(cell(cells, index) for index in ordered):
        raise NoPerson("The only number is a fax or a pager, which can’t be texted.")
    return ordered


def _any_phone(
    cells: Sequence[Any], tried: list[int], codes: dict[int, int], region: str = ""
) -> tuple[str, str, int]:
    """The first valid phone; if none is valid, the error of the first that is there. `region` is the country of most
    of the file's phones, if it is abroad."""
    problem: InvalidPhone | None = None
    for index in tried:
        text = cell(cells, index)
        if not text:
            continue
        try:
            if codes and (code := cell(cells, codes[index])):
                return (*_of_country(text, code), index)
            return (*_like_the_others(text, region), index) if region else (*words.read_phone(text), index)
        except InvalidPhone as error:
            problem = problem or error
    raise problem or InvalidPhone("The phone number is missing.")


def _of_country(text: str, code: str) -> tuple[str, str]:
    """The phone, and the note, of the country in the cell beside it. Raises InvalidPhone where that is none.

    A country that is named may be that of the address: who keeps a phone from home has one of home.
    """
    region = countries.region_of(code)
    if not region and not any(map(str.isdigit, code)) and words.is_no_name(code):
        return words.read_phone(text)
    if not region:
        raise InvalidPhone(f"“{code[:40]}” is not a country code. Write it as +1 or +52.")
    if found := _in_use(text, region) or (_in_use(text) if countries.named(code) else None):
        return found
    return words.read_phone(text, region)


def _like_the_others(text: str, region: str) -> tuple[str, str]:
    """The phone, and the note, in a file whose other phones are of that country abroad."""
    if found := _in_use(text, region):
        phone, note = found
        as_others = f"Read as a number of {countries.name_of(region)}, as the others are"
        return phone, note if text.startswith("+") else "; ".join(filter(None, (note, as_others)))
    return words.read_phone(text)


def _in_use(text: str, region: str | None = None) -> tuple[str, str] | None:
    """The phone as one of that country, or of our own, and the note; None where the country has no such numbers."""
    spellings = [text]
    if region and text.startswith(str(phonenumbers.country_code_for_region(region))):
        # The country code is there, and its + not.
        spellings.insert(0, f"+{text}")
    for spelled in spellings:
        with suppress(InvalidPhone):
            found = words.read_phone(spelled, region)
            if phonenumbers.is_valid_number(phonenumbers.parse(found[0])):
                return found
    return None


# The name ---------------------------------------------------------------------------------------------------


def _name_readers(layout: Layout) -> dict[int, ReadName]:
    """For each column of phones, the function that reads the name of that phone's owner."""
    named = [index for index, role in enumerate(layout.roles) if role in columns.ALL_NAMES]
    meanings = {index: headings.read(layout.headings[index]) for index in named}
    readers: dict[tuple[frozenset[str], tuple[int, ...]], ReadName] = {}
    found = {}
    for phone in phone_columns(layout):
        people = _people_of_phone(layout.headings[phone], meanings.values())
        own = _names_of(layout, people, meanings)
        if (people, own) not in readers:
            readers[people, own] = _own_name_else_any(layout, people, own, named)
        found[phone] = readers[people, own]
    return found


def _people_of_phone(heading: str, names: Collection[Meaning]) -> frozenset[str]:
    """Who a phone's heading refers to, such as a parent; a child's phone is the parents' if they are named too."""
    people = headings.read(heading).people
    if not any(name.people & people for name in names) and any(name.is_child for name in names):
        guardians = [name.people for name in names if name.is_guardian]
        # Beside a student, a contact is one of theirs.
        people = frozenset().union(*(guardians or [name.people for name in names if not name.is_child]))
    return people


def _names_of(layout: Layout, people: frozenset[str], meanings: dict[int, Meaning]) -> tuple[int, ...]:
    """The columns with these people's names: those that refer to them, plus what the name still needs from columns
    that refer to nobody. All columns if none refers to these people."""
    most = max((len(meaning.people & people) for meaning in meanings.values()), default=0)
    if not most:
        return tuple(meanings)
    own = {index for index, meaning in meanings.items() if len(meaning.people & people) == most}
    anyone = {index for index, meaning in meanings.items() if not meaning.people}
    roles = {layout.roles[index] for index in own}
    if not roles & {Role.NAME, Role.LAST_FIRST} and Role.LAST_NAME not in roles:
        own |= {index for index in anyone if layout.roles[index] == Role.LAST_NAME}
    if not roles & {Role.NAME, Role.LAST_FIRST, Role.FIRST_NAME, Role.PREFERRED_NAME}:
        own |= anyone
    return tuple(sorted(own))


def _own_name_else_any(
    layout: Layout, people: frozenset[str], own: tuple[int, ...], named: Sequence[int]
) -> ReadName:
    read_own = _name_reader(layout, people, own)
    if len(own) == len(named):
        return read_own
    read_any = _name_reader(layout, people, named)
    return lambda cells: read_own(cells) or read_any(cells)


def _name_reader(layout: Layout, people: frozenset[str], named: Sequence[int]) -> ReadName:
    """Returns a function that assembles a name from some of the name columns."""
    filled = _as_it_is if columns.is_our_export(layout.headings) else _filled

    def first_filled(cells: Sequence[Any], indexes: list[int]) -> tuple[str, int]:
        """The first of the columns with a name in it, and its index; ("", -1) if there is none."""
        for index in indexes:
            if name := filled(cells, index):
                return name, index
        return "", -1

    def of(*roles: Role) -> list[int]:
        found = [index for index in named if layout.roles[index] in roles]
        return sorted(found, key=lambda index: (columns.name_order(layout.headings[index], people), index))

    whole, preferred, first = of(Role.NAME, Role.LAST_FIRST), of(Role.PREFERRED_NAME), of(Role.FIRST_NAME)
    middle, last, nick, other = of(Role.MIDDLE_NAME), of(Role.LAST_NAME), of(Role.NICKNAME), of(Role.OTHER_NAME)
    halves = [index for index in last if headings.read(layout.headings[index]).is_half_of_last]
    turned = set(of(Role.LAST_FIRST))
    of_last = [index for index in middle if headings.read(layout.headings[index]).is_before_last]
    if whole and not preferred and not first and not last:
        rest = [*nick, *other]

        def read_whole(cells: Sequence[Any]) -> str | None:
            name, index = first_filled(cells, whole)
            if name:
                return _turned(name) if index in turned else name
            return first_filled(cells, rest)[0] or None

        return read_whole

    def read(cells: Sequence[Any]) -> str | None:
        called = first_filled(cells, preferred)[0]
        given = called or first_filled(cells, first)[0]
        family = " ".join(filter(None, (filled(cells, i) for i in halves))) or first_filled(cells, last)[0]
        name, index = first_filled(cells, whole)
        name = _turned(name) if index in turned else name
        if not given and not name:
            given = first_filled(cells, nick)[0]
        if given:
            between = " ".join(filter(None, (filled(cells, i) for i in (of_last if called else middle))))
            return _short_enough(_joined(given, between, family, name, is_called=bool(called)))
        return name or family or first_filled(cells, other)[0] or None

    return read


def _joined(given: str, between: str, family: str, whole: str, is_called: bool) -> str:
    """The name made of these parts, or the whole one if it says the same and more."""
    if whole:
        folded = whole.casefold().split()
        if not is_called and {*given.casefold().split(), *family.casefold().split()} <= set(folded):
            return whole
        if is_called and not family and len(folded) > 1:
            return given if " " in given else _called(given, whole.split())
    if family and f" {given.casefold()}".endswith(f" {family.casefold()}"):
        return given
    return " ".join(filter(None, (given, between, family)))


def _called(given: str, whole: list[str]) -> str:
    """The whole name with the preferred first name: for Ann and "Mrs. Ann Alder" Ann Alder, for Peg and "Dr. Margaret
    Alder" Peg Alder."""
    folded = [word.casefold() for word in whole]
    if given.casefold() in folded[:-1]:
        return " ".join(whole[folded.index(given.casefold()) :])
    titles = sum(1 for _ in takewhile(lambda word: word.endswith("."), whole[:-2]))
    return " ".join([given, *whole[titles + 1 :]])


def _filled(cells: Sequence[Any], index: int) -> str:
    """The name in a cell; "" if what is in it isn't one."""
    text = cell(cells, index)
    return _name_in(text) if text else ""


@lru_cache(maxsize=8192)
def _name_in(text: str) -> str:
    return "" if words.is_no_name(text) else clean_name(text) or ""


def _as_it_is(cells: Sequence[Any], index: int) -> str:
    """The name in a cell of our own export, unchanged, so that a list comes back as it was."""
    return clean_name(cell(cells, index)) or ""


def _turned(name: str) -> str:
    """ "Lovelace, Ada" as "Ada Lovelace"; anything without exactly one comma stays unchanged."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma and "," not in first else name


def clean_name(text: str) -> str | None:
    """A name with single spaces and without control characters; None if nothing is left.

    Raises NoPerson for a name that is too long, or that contains a character that the encoding lacks.
    """
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(character) == "Cc" else character
            for character in text.replace("\0", "")
            if character not in _INVISIBLE and unicodedata.category(character) != "Cs"
        )
    name = _short_enough(" ".join(text.split()))
    if _UNREADABLE in name:
        raise NoPerson(f"The name “{name}” has an unreadable character (�). Retype it, or choose another encoding.")
    return name or None


def _short_enough(name: str) -> str:
    if len(name) > MAX_NAME:
        raise NoPerson(f"The name “{name[:40]}…” has {len(name)} characters. The limit is {MAX_NAME}: shorten it.")
    return name
