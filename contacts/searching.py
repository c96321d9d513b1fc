"""Finds people by what staff type: a phone number in any format, or the beginnings of words of a name.

    (720) 383-2388 · 7203832388 · +1 720 · 720 383    the number starts with this, with or without country code
    2388 · 383-2388                                   the number ends with this (four digits or more)
    ada · love ada · o'brien                          each word starts a word of the name, in any order
    ada 2388                                          both

Case and accents don't matter. All of it uses indexes (see `contacts.search_index`).
"""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers
from django.apps import apps
from django.conf import settings
from django.db import connections, models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.lookups import Exact

from . import search_index
from .fields import LastFour
from .phones import InvalidPhone, normalize

_LONGEST_QUERY: Final = 100
_MOST_WORDS: Final = 8
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"[+＋]?[\d().\-‑–—/·]*\d[\d().\-‑–—/·]*")
_FEWEST_DIGITS: Final = 3
_FEWEST_LAST_DIGITS: Final = 4
_SCANNED: Final = 20_000


@dataclass(frozen=True)
class Query:
    """What was typed: words of a name and the digits of a phone ("" if none), each also as typed."""

    words: tuple[str, ...]
    digits: str = ""
    digit_words: tuple[str, ...] = ()
    is_international: bool = False


def read_query(text: str) -> Query:
    """Separates words of a name from a phone number. Fewer than three digits are a word: "Table 7"."""
    seen = "".join(c for c in text[:_LONGEST_QUERY] if unicodedata.category(c) not in {"Cf", "Cs"})
    tokens = unicodedata.normalize("NFC", seen).split()
    numbers = [token for token in tokens if _NUMBER.fullmatch(token)]
    digits = "".join(str(unicodedata.decimal(c)) for c in "".join(numbers) if c.isdecimal())
    is_international = any(token.startswith(("+", "＋")) for token in numbers)
    if len(digits) < _FEWEST_DIGITS and not is_international:
        return Query(_words(tokens))
    words = _words([token for token in tokens if token not in numbers])
    return Query(words, digits, _words(numbers), is_international)


def _words(tokens: list[str]) -> tuple[str, ...]:
    return tuple(_WORD.findall(" ".join(tokens)))[:_MOST_WORDS]


def search(people: QuerySet, text: str, *, limit: int | None = None) -> QuerySet:
    """Those of `people` that match `text`, in the same order; all of them if nothing is typed.

    With `limit`, at most that many, and no more rows are examined for a common word or area code: a page of results
    takes as long among a million people as among a thousand.
    """
    if not text.strip():
        return people
    query = read_query(text)
    if not (query.words or query.digits):
        return people.none()
    if query.words and not query.digits and not people.query.where:
        # With nothing else to narrow the list, the newest matches of the index are the newest of the list.
        return people.filter(name_matches(people.model, query.words, limit))
    condition = phone_matches(query) if query.digits else Q()
    if query.words:
        also_in_name = name_matches(people.model, query.digit_words) if query.digits else Q()
        condition = name_matches(people.model, query.words) & (condition | also_in_name)
    found = people.filter(condition)
    if limit is None:
        return found
    # To find the newest, SQLite would sort all numbers with that area code; in index order it doesn't have to.
    is_sorted = query.words or connections[people.db].vendor != "sqlite"
    first = found.order_by(*(["-pk"] if is_sorted else [])).values("pk")[:limit]
    return people.model._default_manager.filter(pk__in=first).order_by(*people.query.order_by)


def phone_matches(query: Query) -> Q:
    """The condition that the phone starts or ends with the digits."""
    beginnings = {f"+{query.digits}"}
    condition = Q()
    if not query.is_international:
        home = settings.DEFAULT_PHONE_REGION
        country = phonenumbers.country_code_for_region(home)
        trunk = phonenumbers.ndd_prefix_for_region(home, True) or ""
        beginnings |= {f"+{country}{query.digits}", f"+{country}{query.digits.removeprefix(trunk)}"}
        if len(query.digits) >= _FEWEST_LAST_DIGITS:
            condition = Q(Exact(LastFour("phone"), query.digits[-4:]), phone__endswith=query.digits)
    # The part typed so far of a number in the national spelling that is not stored (see phones.canonical).
    beginnings |= {
        kept + typed.removeprefix(spelled)
        for typed in tuple(beginnings)
        for spelled, kept in (("+521", "+52"), ("+54", "+549"))
        if typed.startswith(spelled) and not typed.startswith("+549")
    }
    with suppress(InvalidPhone):
        beginnings.add(normalize(query.digits if not query.is_international else f"+{query.digits}"))
    for beginning in sorted(beginnings):
        # A range, because SQLite has no index for LIKE; a Value, because PhoneField would read it as a number.
        end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        condition |= Q(phone__gte=Value(beginning), phone__lt=Value(end))
    return condition


def name_matches(model: type[models.Model], words: tuple[str, ...], limit: int | None = None) -> Q:
    """The condition that each of `words` starts a word of the name.

    A list without names (suppressed numbers) is searched by the names on the other lists. With `limit`, only that
    many of the newest rows are found.
    """
    if model._meta.db_table in search_index.TABLES:
        return Q(NameMatches(words, model._meta.db_table, limit))
    known = (apps.get_model("contacts", name) for name in ("CommunityMember", "EventRegistration", "GroupMember"))
    condition = Q()
    for people in known:
        condition |= Q(phone__in=people.objects.filter(name_matches(people, words, limit)).values("phone"))
    return condition


class NameMatches(models.Func):
    """Whether the row's name has a word starting with each of the words."""

    output_field = models.BooleanField()

    def __init__(self, words: tuple[str, ...], table: str, limit: int | None = None, **extra: Any) -> None:
        self.words, self.table, self.limit = words, table, limit
        super().__init__(F("pk"), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        key, params = compiler.compile(self.source_expressions[0])
        names = search_index.names_table(self.table)
        newest = f"ORDER BY rowid DESC LIMIT {self.limit:d}" if self.limit else ""
        # The words contain only letters and digits, so nothing can break out of the quotes.
        match = " AND ".join(f'"{word}"*' for word in self.words)
        sql = f'{key} IN (SELECT rowid FROM "{names}" WHERE "{names}" MATCH %s {newest})'  # noqa: S608
        return sql, (*params, match)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        key: Any = self.source_expressions[0]
        match = " & ".join(f"'{_without_accents(word)}':*" for word in self.words)
        found = f"{search_index.WORDS_COLUMN} @@ to_tsquery('simple', %s)"
        if not self.limit:
            return f"{compiler.quote_name_unless_alias(key.alias)}.{found}", (match,)
        # The planner cannot know how common a prefix is. A common one is soon found often enough among the newest
        # people; only a rare one is worth using the index, which returns all matches.
        sql = f"""{compiler.compile(key)[0]} IN (
            WITH newest AS MATERIALIZED (
                SELECT id FROM (
                    SELECT id, {search_index.WORDS_COLUMN} FROM "{self.table}" ORDER BY id DESC LIMIT {_SCANNED:d}
                ) AS scanned WHERE {found} ORDER BY id DESC LIMIT {self.limit:d}
            ), indexed AS MATERIALIZED (
                SELECT id FROM "{self.table}" WHERE {found} AND (SELECT count(*) FROM newest) < {self.limit:d}
            )
            SELECT id FROM newest UNION (SELECT id FROM indexed ORDER BY id DESC LIMIT {self.limit:d})
        )"""  # noqa: S608
        return sql, (match, match)


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).lower()
