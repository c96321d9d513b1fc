"""Which column is what: scores the headings (`contacts.imports.headings`) and the cells below them.

A heading says how certain its meaning is, and the cells have the last word: a column whose heading says phones but
contains none isn't one, a question about texts has yes and no below it, and without headings, the column that reads
as phones is the phone.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import phonenumbers
from django.conf import settings
from django.db import models

from ..phones import InvalidPhone
from . import cells, countries, headings
from .column_samples import Column, look_at, looks_like_phone, text_of
from .formats.tables import Line
from .headings import EXCLUDED, LIKELY, POSSIBLE, SURE, UNKNOWN, Meaning

MAX_COLUMNS: Final = 200
HEADER_WITHIN: Final = 10
SAMPLE: Final = 200

_BEFORE_LETTERS: Final = re.compile(r"^[\W\d_]+")
_HAS_DIGIT_CODE: Final = re.compile(r"(?:^|\+|00)[1-9]")


class Role(models.TextChoices):
    """What a column is to the import. Several columns can have the same role: the first that isn't empty counts."""

    PHONE = "phone", "Phone"
    OTHER_PHONE = "other_phone", "Phone, if the first is missing or invalid"
    PHONE_KIND = "phone_kind", "Type of the phone next to it"
    COUNTRY_CODE = "country_code", "Country code of the phone"
    AREA_CODE = "area_code", "Area code of the phone"
    NAME = "name", "Name"
    LAST_FIRST = "last_first", "Name as “Last, First”"
    PREFERRED_NAME = "preferred_name", "First name they go by"
    FIRST_NAME = "first_name", "First name"
    MIDDLE_NAME = "middle_name", "Middle name"
    LAST_NAME = "last_name", "Last name"
    NICKNAME = "nickname", "Nickname, if there is no first name"
    OTHER_NAME = "other_name", "Name, if there is no other"
    OPT_OUT = "opt_out", "Opted out: yes means no texts"
    CONSENT = "consent", "May be texted: no means no texts"
    TICKED_CONSENT = "ticked_consent", "May be texted: empty means no texts"
    WISHES = "wishes", "Preferences: only “no texts” counts"
    IGNORED = "ignored", "Not imported"


PHONES: Final = frozenset({Role.PHONE, Role.OTHER_PHONE})
REFUSALS: Final = frozenset({Role.OPT_OUT, Role.CONSENT, Role.TICKED_CONSENT, Role.WISHES})


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are read.

    `header_line` is the number of the line with the headings, 0 without one; the lines before it are skipped.
    `headings` and `roles` go by column; a file without headings has empty ones. `region` is the country, as two
    letters, of phones that don't say theirs, where nearly all others of the file are of one abroad.
    """

    header_line: int
    headings: list[str]
    roles: list[Role]
    region: str = ""

    @property
    def has_phone(self) -> bool:
        return bool(PHONES & set(self.roles))

    @property
    def has_refusals(self) -> bool:
        return bool(REFUSALS & set(self.roles))


@dataclass
class _Sheet:
    """The columns of a sample, with the meanings of their headings."""

    headings: list[str]
    meanings: list[Meaning]
    columns: list[Column]
    size: int
    roles: list[Role]

    def free(self) -> list[int]:
        return [i for i, role in enumerate(self.roles) if role == Role.IGNORED]

    def where(self, wanted: Callable[[Meaning, Column], bool]) -> list[int]:
        return [i for i in self.free() if wanted(self.meanings[i], self.columns[i])]


def detect(sample: Sequence[Line], header_line: int | None = None, fixed: Sequence[str] = ()) -> Layout:
    """The layout of a file, judging by its first non-blank lines.

    `header_line` is the number of the line that staff chose as headings (0: none); None detects it. `fixed` are the
    headings of a file format that always has the same ones.
    """
    if fixed:
        header_line = 0
    if header_line is None:
        header_line = _find_header(sample)
    position = next((i for i, line in enumerate(sample) if header_line and line.number == header_line), None)
    header = None if position is None else sample[position]
    body = [line for line in sample if line.number > header_line][:SAMPLE]
    width = min(max((len(line.cells) for line in (*body, *([header] if header else []))), default=0), MAX_COLUMNS)
    names = list(fixed) or ([text_of(cell) for cell in header.cells[:width]] if header else [])
    if header and position:
        names = _with_groups(names, sample[position - 1])
    width = max(width, len(fixed))
    names += [""] * (width - len(names))
    sheet = _Sheet(
        names,
        [headings.read(name) for name in names],
        [look_at(body, index) for index in range(width)],
        len(body),
        [Role.IGNORED] * width,
    )
    _assign_refusals(sheet)
    _assign_phones(sheet)
    _assign_codes(sheet)
    _assign_names(sheet)
    return Layout(header_line if header else 0, names, sheet.roles, _region_abroad(sheet.roles, body))


# The line with the headings ---------------------------------------------------------------------------------


def _find_header(sample: Sequence[Line]) -> int:
    first = next((index for index, line in enumerate(sample) if any(map(looks_like_phone, line.cells))), None)
    before = sample[: HEADER_WITHIN if first is None else min(first, HEADER_WITHIN)]
    known = [sum(headings.read(text_of(cell)).is_known for cell in line.cells) for line in before]
    if any(known):
        # The fullest, and of equals the last: a title above the headings can sound like one of them.
        best = max(range(len(known)), key=lambda index: (known[index], index))
        return before[best].number
    if first == 1:
        # Headings in words that we don't know: letters, where the next line has its phone.
        index = next(index for index, cell in enumerate(sample[1].cells) if looks_like_phone(cell))
        row = sample[0].cells
        above = _BEFORE_LETTERS.sub("", text_of(row[index])) if index < len(row) else ""
        if above and not cells.is_no_name(above) and not any(character.isdigit() for character in above):
            return sample[0].number
    return 0


def _with_groups(names: list[str], above: Line) -> list[str]:
    """The headings; those that would repeat get the heading of their group in the line above.

    Above "First, Last, First, Last, Cell" may stand "Player, , Parent, , ".
    """
    filled = list(filter(None, names))
    groups = [text_of(cell) for cell in above.cells[: len(names)]]
    if len(filled) == len(set(filled)) or sum(map(bool, groups)) < 2:
        return names
    groups += [""] * (len(names) - len(groups))
    spread: Iterator[str] = accumulate(groups, lambda group, here: here or group)
    return [f"{group} {name}".strip() if name else "" for group, name in zip(spread, names, strict=True)]


# Refusals ---------------------------------------------------------------------------------------------------


def _assign_refusals(sheet: _Sheet) -> None:
    opt_outs = sheet.where(lambda meaning, column: meaning.consent == "opt_out" and column.rate(column.phones) < 0.5)
    if any(sheet.meanings[i].is_about_texts for i in opt_outs):
        # "Do not call" beside "Do not text" is about calls only; "Do not contact" is about both.
        opt_outs = [i for i in opt_outs if sheet.meanings[i].is_about_texts or not sheet.meanings[i].is_about_calls]
    for i in opt_outs:
        sheet.roles[i] = Role.OPT_OUT
    for i in sheet.where(_asks_for_consent):
        sheet.roles[i] = Role.TICKED_CONSENT if _is_ticked(sheet, i) else Role.CONSENT
    for i in sheet.where(lambda meaning, column: meaning.has_wishes and column.outs > 0):
        sheet.roles[i] = Role.WISHES
    texts = [i for i, role in enumerate(sheet.roles) if role in REFUSALS and sheet.meanings[i].is_about_texts]
    if texts:
        # A column about texts takes precedence over one about marketing or calls.
        for i, role in enumerate(sheet.roles):
            if role in {Role.CONSENT, Role.TICKED_CONSENT} and not sheet.meanings[i].is_about_texts:
                sheet.roles[i] = Role.IGNORED


def _asks_for_consent(meaning: Meaning, column: Column) -> bool:
    if column.rate(column.phones) >= 0.5:
        return False
    if meaning.consent == "consent":
        return column.is_answers or not column.filled or column.outs > 0
    if meaning.is_about_texts and meaning.phone >= LIKELY:
        return column.is_answers
    # "Status" and the like, if the cells talk about opting out.
    return meaning.is_status and column.outs > 0


def _is_ticked(sheet: _Sheet, i: int) -> bool:
    column = sheet.columns[i]
    return column.is_ticked and column.filled < sheet.size


# Phones -----------------------------------------------------------------------------------------------------


def _assign_phones(sheet: _Sheet) -> None:
    sure = sheet.where(lambda meaning, column: meaning.phone == SURE)
    chosen = [i for i in sure if sheet.columns[i].phones or sheet.columns[i].digits or not sheet.columns[i].filled]
    if any(sheet.columns[i].phones or sheet.columns[i].digits for i in chosen):
        likely = sheet.where(
            lambda meaning, column: (
                meaning.phone in {LIKELY, POSSIBLE} and meaning.names_phone and column.rate(column.phones) >= 0.5
            )
        )
        chosen = sorted({*chosen, *likely})
    else:
        chosen = _phones_by_cells(sheet) or sure or _phones_of_leads(sheet)
    if not chosen:
        return
    has_filled = [i for i in chosen if sheet.columns[i].filled] or chosen
    soonest = min(sheet.meanings[i].phone_rank for i in has_filled)
    for i in chosen:
        sheet.roles[i] = Role.PHONE if sheet.meanings[i].phone_rank <= soonest else Role.OTHER_PHONE
    for i in sheet.where(lambda meaning, column: meaning.is_kind):
        sheet.roles[i] = Role.PHONE_KIND


def _phones_by_cells(sheet: _Sheet) -> list[int]:
    """The column that reads most like phones, of those whose headings allow it."""
    by_cells = sheet.where(lambda meaning, column: column.phones > 0 and column.rate(column.phones) >= 0.3)
    open_to_it = [i for i in by_cells if sheet.meanings[i].phone != EXCLUDED]
    # Our own number, in every line of a log of texts, belongs to nobody.
    open_to_it = [i for i in open_to_it if not sheet.columns[i].is_constant] or open_to_it
    certain = max((sheet.meanings[i].phone for i in open_to_it), default=UNKNOWN)
    if certain == LIKELY:
        return [i for i in open_to_it if sheet.meanings[i].phone == LIKELY]
    if open_to_it and not any(sheet.headings):
        # Without headings, further columns of numbers in use are phones too.
        return [i for i in open_to_it if sheet.columns[i].dialed >= 0.9 * sheet.columns[i].filled] or open_to_it[:1]
    of_people = [i for i in open_to_it if sheet.meanings[i].people and sheet.columns[i].phones]
    if len(of_people) > 1:
        # "Mom" and "Dad", with a number below each.
        return of_people
    likely = [i for i in open_to_it if sheet.meanings[i].phone == certain] or open_to_it
    return [max(likely, key=lambda i: (sheet.columns[i].phones, sheet.columns[i].dialed, -i))] if likely else []


def _phones_of_leads(sheet: _Sheet) -> list[int]:
    """The phones of coaches and the like, if the list contains nobody else."""
    if any(meaning.name and not meaning.is_of_lead for meaning in sheet.meanings):
        return []
    return sheet.where(
        lambda meaning, column: meaning.is_of_lead and meaning.names_phone and column.rate(column.phones) >= 0.5
    )


def phone_order(heading: str) -> int:
    """How early a column of phones with that heading is tried, the smaller the earlier."""
    return headings.read(heading).phone_rank


def _assign_codes(sheet: _Sheet) -> None:
    """Columns with a part of the phone: its country code, or its area code if the phones lack one."""
    tried = [sheet.columns[i] for i, role in enumerate(sheet.roles) if role in PHONES]
    if not tried:
        return
    for i in sheet.where(lambda meaning, column: meaning.is_area_code and column.rate(column.codes) >= 0.8):
        if any(value.startswith(("+", "00")) for value in sheet.columns[i].values):
            sheet.roles[i] = Role.COUNTRY_CODE
        elif not any(column.phones for column in tried):
            sheet.roles[i] = Role.AREA_CODE
    for i in sheet.where(lambda meaning, column: meaning.country_code > UNKNOWN):
        column = sheet.columns[i]
        is_code = column.filled and column.rate(column.codes) >= 0.8
        has_digits = any(_HAS_DIGIT_CODE.search(value) for value in column.values)
        names_one = sheet.meanings[i].country_code == LIKELY or (has_digits and sheet.meanings[i].names_phone)
        if (is_code and names_one) or _are_countries(column.values):
            sheet.roles[i] = Role.COUNTRY_CODE


def _are_countries(values: Collection[str]) -> bool:
    return bool(values) and sum(bool(countries.region_of(value)) for value in values) >= 0.6 * len(values)


def _region_abroad(roles: list[Role], body: list[Line]) -> str:
    """The country abroad of nearly all phones that say theirs, where these are at least half of all; "" for none."""
    found: Counter[int] = Counter()
    count = 0
    for index in (i for i, role in enumerate(roles) if role in PHONES):
        for text in (text_of(line.cells[index]) for line in body if index < len(line.cells)):
            count += bool(text)
            if text.startswith("+"):
                with suppress(InvalidPhone):
                    found[phonenumbers.parse(cells.read_phone(text)[0]).country_code or 0] += 1
    (code, most), *_ = found.most_common(1) or [(0, 0)]
    home = phonenumbers.country_code_for_region(settings.DEFAULT_PHONE_REGION)
    is_plain = code != home and most > 1 and most >= 0.9 * found.total() and 2 * most >= count
    return phonenumbers.region_code_for_country_code(code) if is_plain else ""


# Names ------------------------------------------------------------------------------------------------------

_PARTS: Final = frozenset({Role.FIRST_NAME, Role.LAST_NAME, Role.PREFERRED_NAME})
_NAMES: Final = _PARTS | {Role.NAME, Role.LAST_FIRST}
ALL_NAMES: Final = _NAMES | {Role.MIDDLE_NAME, Role.NICKNAME, Role.OTHER_NAME}


def _assign_names(sheet: _Sheet) -> None:
    free = [i for i in sheet.free() if sheet.columns[i].rate(sheet.columns[i].phones) < 0.5 or sheet.meanings[i].name]
    for i in free:
        meaning, column = sheet.meanings[i], sheet.columns[i]
        if not meaning.name or (meaning.name_order and column.filled and not column.names):
            # "Member" or "Contact" can be anything, and are names if the cells look like names.
            continue
        if column.filled and not column.names and column.rate(column.phones) >= 0.5 and meaning.name != "name":
            continue
        sheet.roles[i] = Role(meaning.name)
    roles = set(sheet.roles)
    for i in free:
        if not sheet.meanings[i].is_half_name or sheet.roles[i] != Role.NAME:
            continue
        if (Role.FIRST_NAME in roles) != (Role.LAST_NAME in roles):
            sheet.roles[i] = Role.LAST_NAME if Role.FIRST_NAME in roles else Role.FIRST_NAME
    halves = [i for i in free if sheet.meanings[i].is_half_name and sheet.roles[i] == Role.NAME]
    if (
        len(halves) == 2
        and len({sheet.headings[i] for i in halves}) == 1
        and not sheet.columns[halves[1]].is_whole_names
    ):
        sheet.roles[halves[0]], sheet.roles[halves[1]] = Role.FIRST_NAME, Role.LAST_NAME
    for i in free:
        column = sheet.columns[i]
        if sheet.roles[i] == Role.NAME and _is_turned(column) and not is_our_export(sheet.headings):
            sheet.roles[i] = Role.LAST_FIRST
    if not roles & _NAMES and not any(_is_filled(sheet, i) for i in free if sheet.roles[i] == Role.NICKNAME):
        free = [i for i in sheet.free() if sheet.columns[i].rate(sheet.columns[i].phones) < 0.5]
        leads = [i for i in free if sheet.meanings[i].is_of_lead and sheet.columns[i].is_names]
        _assign_names_by_cells(sheet, leads or [i for i in free if not sheet.meanings[i].is_something_else])


def _is_filled(sheet: _Sheet, i: int) -> bool:
    return sheet.columns[i].filled >= 0.5 * sheet.size


def _assign_names_by_cells(sheet: _Sheet, free: list[int]) -> None:
    """The first column of whole names, else the first two of single words as first and last name."""
    likely = [i for i in free if sheet.columns[i].is_names]
    if not likely:
        return
    whole = next((i for i in likely if sheet.columns[i].is_whole_names), None)
    if len(likely) == 1 or whole == likely[0]:
        sheet.roles[likely[0]] = Role.LAST_FIRST if _is_turned(sheet.columns[likely[0]]) else Role.NAME
    else:
        sheet.roles[likely[0]], sheet.roles[likely[1]] = Role.FIRST_NAME, Role.LAST_NAME


def _is_turned(column: Column) -> bool:
    return column.turned > 1 and column.turned >= 0.8 * column.names


def is_our_export(names: list[str]) -> bool:
    """Whether `contacts.exporting` wrote the file; its names are to be kept unchanged."""
    return names[:2] == ["Name", "Phone"] and bool({"Added", "Registered", "Unsubscribed"} & set(names))


def name_order(heading: str, people: frozenset[str] = frozenset()) -> tuple[int, int]:
    """How early a column of names with that heading is tried among others for the same part, the smaller the earlier.

    One that names the same people as the phone's own heading ("Parent name", "Parent phone") goes first.
    """
    meaning = headings.read(heading)
    return (-len(meaning.people & people), meaning.name_order)
