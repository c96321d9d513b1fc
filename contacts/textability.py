"""Whether people can be texted, and if not, why: for the rows of a page, and as counts for events and groups."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Model, Q, QuerySet
from django.utils import formats, timezone

from smsadmin.lib.ids import read_key, read_keys

from .models import Event, EventRegistration, Group, GroupMember, SuppressedContact, UnsubscribedContact


@dataclass(frozen=True)
class Standing:
    """One phone: its entry on either list that blocks blasts, if any."""

    opt_out: UnsubscribedContact | None = None
    suppression: SuppressedContact | None = None

    @property
    def state(self) -> str:
        """Like `blocked_by`, but "textable" instead of ""."""
        return "opted_out" if self.opt_out else "suppressed" if self.suppression else "textable"

    @property
    def label(self) -> str:
        return {"opted_out": "Opted out", "suppressed": "Unreachable", "textable": "Can be texted"}[self.state]

    @property
    def record(self) -> UnsubscribedContact | SuppressedContact | None:
        """The entry that is decisive."""
        return self.opt_out or self.suppression

    def reason(self, sources: dict[str, str]) -> str:
        """Why not, without a period: "Opted out by text, May 3, 2026", or "Since May 3, 2026: This is a landline".

        `sources` comes from `source_labels`. The reason for an unreachable number is whole sentences, some with
        advice.
        """
        if self.opt_out:
            return f"{sources.get(self.opt_out.source, self.opt_out.source)}, {_day(self.opt_out.created_at)}"
        if self.suppression:
            why = self.suppression.reason or self.suppression.get_category_display()
            return f"Since {_day(self.suppression.created_at)}: {why.rstrip('.')}"
        return ""


def _day(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "DATE_FORMAT")


def standings(phones: Iterable[str]) -> dict[str, Standing]:
    """The standing of each phone on one page, by two queries."""
    wanted = set(phones)
    opt_outs = {row.phone: row for row in UnsubscribedContact.objects.filter(phone__in=wanted)}
    suppressions = {row.phone: row for row in SuppressedContact.objects.blocking().filter(phone__in=wanted)}
    return {phone: Standing(opt_outs.get(phone), suppressions.get(phone)) for phone in wanted}


def source_labels(sources: Iterable[str]) -> dict[str, str]:
    """The values of `UnsubscribedContact.source` in words; "event:12" and "group:5" by title and name."""
    labels = {str(value): str(label) for value, label in UnsubscribedContact.Source.choices}
    wanted = set(sources)
    titles: tuple[tuple[str, QuerySet[Any]], ...] = (
        ("event", Event.objects.values_list("pk", "title")),
        ("group", Group.objects.values_list("pk", "name")),
    )
    for kind, rows in titles:
        keys = {source: source.partition(":")[2] for source in wanted if source.startswith(f"{kind}:")}
        found = dict(rows.filter(pk__in=read_keys(keys.values()))) if keys else {}
        for source, key in keys.items():
            title = found.get(read_key(key))
            labels[source] = f"Opted out of “{title}”" if title else f"Opted out of a deleted {kind}"
    return labels


@dataclass(frozen=True)
class ListCounts:
    total: int = 0
    textable: int = 0


def registration_counts(event_ids: Iterable[int]) -> dict[int, ListCounts]:
    """How many people are registered for each event, and how many of them can be texted."""
    return _counts(EventRegistration, "event", event_ids)


def group_counts(group_ids: Iterable[int]) -> dict[int, ListCounts]:
    """How many people are in each group, and how many of them can be texted."""
    return _counts(GroupMember, "group", group_ids)


def _counts(model: type[Model], field: str, keys: Iterable[int]) -> dict[int, ListCounts]:
    wanted = list(keys)
    totals = _per_list(model, field, Q(**{f"{field}__in": wanted}))
    # Not filtered by list: starts from the lists of blocked phones and uses the index on phones.
    opt_outs = UnsubscribedContact.objects.values("phone")
    suppressions = SuppressedContact.objects.blocking().values("phone")
    blocked = _per_list(model, field, Q(phone__in=opt_outs.union(suppressions)))
    return {pk: ListCounts(totals.get(pk, 0), totals.get(pk, 0) - blocked.get(pk, 0)) for pk in wanted}


def _per_list(model: type[Model], field: str, condition: Q) -> dict[int, int]:
    rows = model._default_manager.filter(condition).order_by().values(field).annotate(count=Count("pk"))
    return dict(rows.values_list(field, "count"))
