"""Audiences: the people behind a target, how many of them can be texted, and their delivery rows.

Everything works on sets in the database, so memory doesn't grow with the list.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django.core.cache import cache
from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import ngettext

from contacts import phones
from contacts.models import CommunityMember, Event, EventRegistration, ProfileField
from contacts.models.opt_outs import unsubscribed
from contacts.models.suppression import blocked_by, suppressed
from smsadmin.lib.plurals import people

from ..models import Delivery, Draft, MessageLog, RetryWhom, Target
from ..text.personalization import Values
from . import definitions
from .cost import NameProfile, profile, profile_with_values
from .definitions import BadDefinition, Definition
from .merge_fields import NO_FIELDS, MergeFields, has_value
from .own_phone import own_test_phone
from .pools import best_name

CACHED_FROM = 5_000
CACHE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Headcount:
    """An audience in numbers: the total, the skipped by reason, and the shapes of the others' names and values.

    `merge` are the profile fields of the message. People without a required value are skipped ("no_value"); `missing`
    requires only fields that somebody lacks.
    """

    total: int
    skipped: Mapping[str, int]
    names: NameProfile
    merge: MergeFields = NO_FIELDS
    missing: MergeFields = NO_FIELDS

    @property
    def recipients(self) -> int:
        """How many people get the text."""
        return self.total - sum(self.skipped.values())

    @property
    def incomplete(self) -> int:
        """How many people have no value for a field without a fallback."""
        return self.skipped.get(Delivery.SkipReason.NO_VALUE, 0)

    @property
    def skipped_sentences(self) -> list[str]:
        """Such as "3 people have opted out"."""
        sentences = {
            Delivery.SkipReason.OPTED_OUT: ngettext(
                "%(count)s person has opted out", "%(count)s people have opted out", self.skipped.get("opted_out", 0)
            ),
            Delivery.SkipReason.SUPPRESSED: ngettext(
                "%(count)s number is unreachable",
                "%(count)s numbers are unreachable",
                self.skipped.get("suppressed", 0),
            ),
        }
        found = [
            sentence % {"count": f"{self.skipped[reason]:,}"}
            for reason, sentence in sentences.items()
            if self.skipped.get(reason)
        ]
        return [*found, self.missing.lacking(self.incomplete)] if self.incomplete else found


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of an audience, with their values of the message's profile fields."""

    phone: str
    name: str | None
    values: Values


def nobody(merge: MergeFields) -> Recipient:
    """Stands in for a recipient where there is none."""
    return Recipient("", None, merge.example())


@dataclass(frozen=True, slots=True)
class Audience:
    """The community, people registered for an event, members selected for a draft, people whom a blast didn't reach
    (all, or for one reason), the people of a definition, or the test phone.

    With `test_phone` it is a test that nobody else gets; "" is a test without a phone, which nobody gets. An audience
    with a `problem`, a sentence for staff, has nobody: its definition can't be understood. `leaves_out_incomplete`
    means that staff have decided about people without a value for a field of the message: they don't get it.
    """

    target: str
    event: Event | None = None
    selection: Draft | None = None
    test_phone: str | None = None
    retry_of: MessageLog | None = None
    retry_whom: str = ""
    retry_reason: str = ""
    definition: Definition | None = None
    problem: str = ""
    leaves_out_incomplete: bool = False

    @classmethod
    def of_draft(cls, draft: Draft) -> Self:
        test_phone = own_test_phone(draft.created_by) if draft.test_mode else None
        if draft.target == Target.AUDIENCE and draft.retry_of is None:
            return replace(
                cls.defined(draft.definition, test_phone), leaves_out_incomplete=draft.leaves_out_incomplete
            )
        return cls(
            draft.target,
            draft.event,
            draft if draft.is_selection else None,
            test_phone,
            draft.retry_of,
            draft.retry_whom,
            draft.retry_reason,
            leaves_out_incomplete=draft.leaves_out_incomplete,
        )

    @classmethod
    def defined(cls, stored: Any, test_phone: str | None = None) -> Self:
        """The audience of a definition as JSON; of None, nobody has been chosen yet."""
        if stored is None:
            return cls(Target.AUDIENCE, test_phone=test_phone, problem="Choose who gets the message.")
        try:
            return cls(Target.AUDIENCE, test_phone=test_phone, definition=definitions.read(stored))
        except BadDefinition as problem:
            return cls(Target.AUDIENCE, test_phone=test_phone, problem=str(problem))

    @property
    def stored_definition(self) -> dict[str, Any] | None:
        """Its definition as JSON, if it has one."""
        return self.definition.stored() if self.definition is not None else None

    @property
    def name(self) -> str:
        """Its name for staff, such as "Community" or "12 selected people"."""
        if self.test_phone is not None:
            return "Test phone"
        if self.retry_of is not None:
            count = self.count()
            return ngettext("%(count)s person not reached", "%(count)s people not reached", count) % {
                "count": f"{count:,}"
            }
        if self.selection is not None:
            count = self.selection.members.count()
            return ngettext("%(count)s selected person", "%(count)s selected people", count) % {"count": f"{count:,}"}
        if self.target == Target.AUDIENCE:
            return capfirst(self.definition.title)[:250] if self.definition else "An audience that can’t be found"
        return str(self.event) if self.event is not None else "Community"

    def described(self, count: int) -> str:
        """The `count` people in it that can be texted, such as "454 people in the community"."""
        if self.test_phone is not None:
            return f"the test phone, {phones.display(self.test_phone)}" if self.test_phone else "the test phone"
        if self.retry_of is not None:
            return f"{people(count)} who didn’t get it"
        if self.selection is not None:
            return f"{people(count)} you selected"
        if self.target == Target.AUDIENCE:
            return f"{people(count)}: {self.definition.title}" if self.definition else people(count)
        if self.event is not None:
            return f"{people(count)} registered for {self.event}"
        return f"{people(count)} in the community"

    def sources(self) -> list[QuerySet[Any]]:
        """Rows with phone and name for everyone in it, including people who can't be texted, and nobody twice."""
        if self.target == Target.AUDIENCE and self.retry_of is None:
            return self.definition.sources() if self.definition else []
        return [self._people()]

    def _people(self) -> QuerySet[Any]:
        if self.retry_of is not None:
            return self.retry_of.to_retry(self.retry_whom == RetryWhom.FAILED, self.retry_reason)
        if self.target == Target.EVENT:
            return EventRegistration.objects.filter(event=self.event)
        if self.selection is not None:
            return CommunityMember.objects.filter(
                pk__in=self.selection.members.through.objects.filter(draft=self.selection).values(
                    "communitymember_id"
                )
            )
        return CommunityMember.objects.all()

    @property
    def _name(self) -> Any:
        """The expression for a row's name."""
        return best_name() if self.definition is not None else F("name")

    def count(self) -> int:
        """How many people it has, including people who can't be texted."""
        return sum(source.count() for source in self.sources())

    def textable(self, merge: MergeFields = NO_FIELDS) -> Iterator[QuerySet[Any]]:
        """The rows of `sources` for people who can be texted and have all required values."""
        for source in self.sources():
            yield source.filter(~unsubscribed(), ~suppressed(), merge.is_complete())

    def incomplete(self, merge: MergeFields) -> Iterator[QuerySet[Any]]:
        """The rows of `sources` for people who can be texted but have no value for a required field."""
        if merge.required:
            for source in self.textable():
                yield source.filter(~merge.is_complete())

    def sample(self, count: int) -> list[tuple[str, str | None]]:
        """(phone, name) of the first `count` recipients; in test mode, of the real audience."""
        return [(recipient.phone, recipient.name) for recipient in self.recipients(count)]

    def recipients(self, count: int, merge: MergeFields = NO_FIELDS) -> list[Recipient]:
        """The first `count` recipients of a message with these fields; in test mode, of the real audience."""
        found: list[Recipient] = []
        for source in self.textable(merge):
            rows = source.order_by("pk").values_list("phone", self._name, *merge.values())
            found += [
                Recipient(phone, name, merge.read(values)) for phone, name, *values in rows[: count - len(found)]
            ]
            if len(found) >= count:
                break
        return found

    def example(self, merge: MergeFields = NO_FIELDS) -> Recipient:
        """The first recipient, or `nobody`."""
        return next(iter(self.recipients(1, merge)), nobody(merge))

    def headcount(self, merge: MergeFields = NO_FIELDS) -> Headcount:
        """A fresh count for a message with these fields. For the test phone: one person, like the first recipient."""
        if self.test_phone == "":
            return Headcount(0, {}, profile(()))
        if self.test_phone:
            first = self.example(merge)
            return Headcount(1, {}, profile_with_values([(first.name, *first.values.values())]))
        opted_out = dead = 0
        for source in self.sources():
            opted_out += source.filter(unsubscribed()).count()
            dead += source.filter(suppressed(), ~unsubscribed()).count()
        incomplete = sum(rows.count() for rows in self.incomplete(merge))
        names = profile_with_values(self._rows(merge)) if merge.fields else profile(self._names())
        skipped = {"opted_out": opted_out, "suppressed": dead}
        if merge.required:
            skipped[Delivery.SkipReason.NO_VALUE.value] = incomplete
        missing = merge.requiring(field for field in merge.required if incomplete and self._lacks(field, merge))
        return Headcount(names.total() + sum(skipped.values()), skipped, names, merge, missing)

    def _lacks(self, field: ProfileField, merge: MergeFields) -> bool:
        """Whether somebody who could be texted has no value of this required field."""
        return any(rows.filter(~has_value(field)).exists() for rows in self.incomplete(merge))

    def _names(self) -> Iterator[str | None]:
        """The names of its recipients, in any order."""
        for source in self.textable():
            yield from source.order_by().values_list(self._name, flat=True).iterator(chunk_size=5_000)

    def _rows(self, merge: MergeFields) -> Iterator[tuple[str | None, ...]]:
        """The names of the recipients of a message with these fields, each with the values, in any order."""
        for source in self.textable(merge):
            yield from source.order_by().values_list(self._name, *merge.values()).iterator(chunk_size=5_000)

    def recent_headcount(self, merge: MergeFields = NO_FIELDS) -> Headcount:
        """The headcount, cached for a minute for large audiences. For live previews."""
        key = f"headcount:{self.target}:{self.event and self.event.pk}:{self.selection and self.selection.pk}"
        key += f":{self.retry_of and self.retry_of.pk}:{self.retry_whom}:{self.retry_reason}:{self.test_phone}"
        if self.definition is not None:
            key += f":{hashlib.sha256(repr(self.stored_definition).encode()).hexdigest()}"
        if merge.fields:
            used = [(field.pk, field in merge.required) for field in merge.fields]
            key += f":{hashlib.sha256(repr(used).encode()).hexdigest()}"
        headcount = cache.get(key)
        if headcount is None:
            headcount = self.headcount(merge)
            if headcount.total >= CACHED_FROM:
                cache.set(key, headcount, CACHE_SECONDS)
        return headcount

    def recent_reach(self) -> int:
        """How many people of a definition can be texted, cached for a minute. For lists of audiences."""
        key = f"reach:{hashlib.sha256(repr(self.stored_definition).encode()).hexdigest()}"
        count = cache.get(key)
        if count is None:
            count = sum(source.count() for source in self.textable())
            if count >= CACHED_FROM:
                cache.set(key, count, CACHE_SECONDS)
        return int(count)

    def expand(self, log: MessageLog) -> int:
        """Write the delivery rows of `log`, one for each person. Returns how many.

        Each row keeps the person's values of the message's profile fields as they are now. Opted-out and suppressed
        people get a skipped row, and so do people without a required value. Must be called in the transaction that
        creates `log`, so that a blast never has only part of its audience. Raises UnknownToken if a field is gone.
        """
        if self.test_phone == "":
            return 0
        merge = MergeFields.of(log.template)
        if self.test_phone:
            first = self.example(merge)
            values = dict(first.values) if merge.fields else None
            Delivery.objects.create(message_log=log, phone=self.test_phone, name=first.name, merge_values=values)
            return 1
        return sum(self._expand(log, source, merge) for source in self.sources())

    def _expand(self, log: MessageLog, source: QuerySet[Any], merge: MergeFields) -> int:
        columns: dict[str, Any] = {
            "message_log_id": Value(log.pk),
            "phone": F("phone"),
            "name": self._name,
            "status": Case(When(blocked_by="", then=Value("pending")), default=Value("skipped")),
            "skip_reason": F("blocked_by"),
            "sid": Value(""),
            "error_message": Value(""),
            "updated_at": Value(timezone.now()),
            "is_left": Value(False),
        }
        if merge.fields:
            columns["merge_values"] = merge.as_json()
        rows = source.annotate(blocked_by=blocked_by(others=merge.blocking())).order_by("pk")
        selected = {f"new_{name}": expression for name, expression in columns.items()}
        sql, parameters = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
        quote = connection.ops.quote_name
        names = ", ".join(quote(name) for name in columns)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote(Delivery._meta.db_table)} ({names}) {sql}", parameters)
            return int(cursor.rowcount)
