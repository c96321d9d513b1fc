"""Whether people can be texted, and if not, why: for the rows of a page, and as counts for events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import formats, timezone

from smsadmin.lib.ids import read_key, read_keys

from .models import Event, EventRegistration, SuppressedContact, UnsubscribedContact


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
    """The values of `UnsubscribedContact.source` in words; "event:12" by the event's title."""
    labels = {str(value): str(label) for value, label in UnsubscribedContact.Source.choices}
    event_ids = {source: source.removeprefix("event:") for source in sources if source.startswith("event:")}
    titles = dict(Event.objects.filter(pk__in=read_keys(event_ids.values())).values_list("pk", "title"))
    for source, pk in event_ids.items():
        title = titles.get(read_key(pk))
        labels[source] = f"Opted out of “{title}”" if title else "Opted out of a deleted event"
    return labels


@dataclass(frozen=True)
class RegistrationCounts:
    total: int = 0
    textable: int = 0


def registration_counts(event_ids: Iterable[int]) -> dict[int, RegistrationCounts]:
    """How many people are registered for each event, and how many of them can be texted."""
    wanted = list(event_ids)
    totals = _per_event(Q(event__in=wanted))
    # Not filtered by event: starts from the lists of blocked phones and uses the index on phones.
    opt_outs = UnsubscribedContact.objects.values("phone")
    suppressions = SuppressedContact.objects.blocking().values("phone")
    blocked = _per_event(Q(phone__in=opt_outs.union(suppressions)))
    return {pk: RegistrationCounts(totals.get(pk, 0), totals.get(pk, 0) - blocked.get(pk, 0)) for pk in wanted}


def _per_event(condition: Q) -> dict[int, int]:
    rows = EventRegistration.objects.filter(condition).order_by().values("event").annotate(count=Count("pk"))
    return dict(rows.values_list("event", "count"))
