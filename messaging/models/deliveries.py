"""Deliveries: the recipients of blasts and replies, and what happened to each."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Self

from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from contacts.consent.opting_out import opted_out_since
from contacts.models.suppression import blocked_by
from smsadmin.lib import shared_clock
from smsadmin.lib.prepared_statements import PreparedUpdate

from ..error_codes import Reason, classify, codes_of, error_table, final_codes
from ..text.formatting import doubt_reason
from ..text.personalization import text_sent
from .choices import BlastStatus

# Longer than any call (5 s to connect, 15 s to respond) plus the wait for its time slot.
ABANDONED_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of one call, to be recorded. `status` is a value of Delivery.Status.

    `is_learned`: the failure is applied to opt-outs or unreachable numbers in the same transaction.
    """

    delivery_id: int
    status: str
    sid: str = ""
    segments: int | None = None
    error_code: int | None = None
    error_message: str = ""
    is_learned: bool = False


class DeliveryQuerySet(models.QuerySet):
    def of_blasts(self) -> Self:
        """Without the inbox's texts."""
        return self.filter(message_log__isnull=False)

    def replies(self) -> Self:
        """Texts of conversations that a sender sends: replies by staff, and automatic ones to texts that we found in
        Twilio's list. Other automatic replies don't count: they went out in our response to Twilio."""
        has_token = Q(inbox_message__token__isnull=False)
        return self.filter(Q(inbox_message__automation_source="manual") | has_token, message_log=None)

    def in_progress(self) -> Self:
        """Pending rows and rows being sent."""
        return self.filter(status__in=(Delivery.Status.PENDING, Delivery.Status.SENDING))

    def live(self) -> Self:
        """Rows whose text may have gone out or may still go out."""
        return self.filter(status__in=Delivery.LIVE)

    def unsuccessful(self) -> Self:
        return self.filter(status__in=(Delivery.Status.UNDELIVERED, Delivery.Status.FAILED))

    def called_since(self, moment: datetime | None) -> Self:
        """Rows called at `moment` or later; all rows if it is None."""
        return self if moment is None else self.filter(claimed_at__gte=moment)

    def called_after(self, moment: datetime | None) -> Self:
        """Rows called later than `moment`; all rows if it is None."""
        return self if moment is None else self.filter(claimed_at__gt=moment)

    def held(self, now: datetime) -> Self:
        """Pending rows that wait for their time, which is later than `now`."""
        return self.filter(status=Delivery.Status.PENDING, not_before__gt=now)

    def count_by_status(self) -> dict[str, int]:
        """The number of rows for each status that occurs."""
        return dict(self.order_by().values_list("status").annotate(Count("pk")))

    def claim(
        self,
        message_log_id: int,
        most: int,
        now: datetime | None = None,
        *,
        after: int = 0,
        find_holds: "Callable[[Collection[Delivery], datetime], Mapping[int, datetime]] | None" = None,
    ) -> "list[Delivery]":
        """Claim up to `most` pending rows of a blast for sending, and commit before returning them.

        Only returned rows may be sent, and only by the caller. Opt-outs and suppressions are checked again: anyone
        who opted out since the blast started is skipped, and so is anyone who may have the text from another blast of
        the family. `find_holds` says which rows have to wait until when; they stay pending. Rows up to the id `after`
        aren't looked at. An empty list means that nothing is left to claim there, or that the blast was paused or
        canceled.
        """
        at = now or shared_clock.now()
        waiting = self.filter(
            Q(not_before=None) | Q(not_before__lte=at),
            message_log_id=message_log_id,
            status=Delivery.Status.PENDING,
            message_log__status=BlastStatus.PROCESSING,
            message_log__paused_at=None,
            message_log__cancelled_at=None,
        ).annotate(blocked_by=blocked_by(), family=F("message_log__family"))
        while True:
            with transaction.atomic():
                rows = waiting.filter(pk__gt=after).only("phone", "name", "merge_values")._lock_first(most)
                self._block_duplicates(message_log_id, rows)
                claimed = self._take(self._hold(rows, at, find_holds) if find_holds else rows, now)
            if claimed or not rows:
                return claimed
            after = rows[-1].pk

    def _hold(self, rows: list[Any], now: datetime, find_holds: Callable[..., Mapping[int, datetime]]) -> list[Any]:
        """Let the locked rows wait that have to, and return the others."""
        until = find_holds([row for row in rows if not row.blocked_by], now)
        for at in set(until.values()):
            self.filter(pk__in=[pk for pk in until if until[pk] == at]).update(not_before=at, updated_at=now)
        return [row for row in rows if row.pk not in until]

    def _block_duplicates(self, message_log_id: int, rows: list[Any]) -> None:
        """Block locked rows of a blast whose phone is live in another blast of the family.

        There are none, except after a late report. Of two pending rows, the first one always wins.
        """
        if not rows or rows[0].family is None:
            return
        waiting = {row.phone: row.pk for row in rows}
        relatives = self._blasts().filter(family=rows[0].family).exclude(pk=message_log_id)
        live = self.live().filter(message_log__in=list(relatives.values_list("pk", flat=True)), phone__in=waiting)
        others = live.values_list("phone", "status", "pk")
        texted = {phone for phone, status, pk in others if status != Delivery.Status.PENDING or pk < waiting[phone]}
        for row in rows:
            if row.phone in texted:
                row.blocked_by = row.blocked_by or "duplicate"

    def claim_replies(self, most: int, now: datetime | None = None) -> "list[Delivery]":
        """Claim up to `most` pending replies, oldest first, with their `inbox_message` (see `claim`).

        Anyone who has opted out since is skipped, except for the confirmation of that. Suppressions don't count: a
        person who texted us can be texted.
        """
        waiting = self.replies().filter(status=Delivery.Status.PENDING).select_related("inbox_message")
        while True:
            with transaction.atomic():
                rows = waiting._lock_first(most)
                opted_out = opted_out_since(row.phone for row in rows)
                for row in rows:
                    is_blocked = row.phone in opted_out and not row.inbox_message.may_go_to_anyone
                    row.blocked_by = "opted_out" if is_blocked else ""
                claimed = self._take(rows, now)
            if claimed or not rows:
                return claimed

    def _lock_first(self, most: int | None) -> list[Any]:
        """The first rows (None: all), locked until the transaction ends.

        SQLite has one writer at a time and our transactions there are immediate, so nobody else can claim between
        this query and the update. Elsewhere the rows are locked, and other senders skip them.
        """
        rows = self.order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        return list(rows[:most])

    def _take(self, rows: list[Any], now: datetime | None) -> list[Any]:
        """Skip the locked rows that are `blocked_by` something; claim and return the others."""
        now = now or shared_clock.now()
        blocked = [row for row in rows if row.blocked_by]
        claimed = [row for row in rows if not row.blocked_by]
        for reason in {row.blocked_by for row in blocked}:
            pks = [row.pk for row in blocked if row.blocked_by == reason]
            self.filter(pk__in=pks).update(status=Delivery.Status.SKIPPED, skip_reason=reason, updated_at=now)
        taken = self.filter(pk__in=[row.pk for row in claimed])
        taken.update(status=Delivery.Status.SENDING, claimed_at=now, updated_at=now)
        return claimed

    def record(self, receipts: Iterable[Receipt], now: datetime | None = None) -> None:
        """Write the results of calls in one batch. A status that a callback moved further stays.

        What was proven not accepted is pending again and reopens a closed blast; in a canceled blast it is skipped.
        """
        now = now or timezone.now()
        accepted, waiting, others = [], [], []
        stamp = self._adapt(now)
        for receipt in receipts:
            if receipt.status == "accepted":
                accepted.append((receipt.sid, receipt.segments, stamp, stamp, receipt.delivery_id))
            elif receipt.status == "pending":
                waiting.append((stamp, receipt.delivery_id))
            else:
                failure = (receipt.error_code, receipt.error_message, stamp if receipt.is_learned else None)
                others.append((receipt.status, *failure, stamp, receipt.delivery_id))
        table = connection.ops.quote_name(self.model._meta.db_table)
        logs = connection.ops.quote_name(self._blasts().model._meta.db_table)
        with transaction.atomic(), connection.cursor() as cursor:
            if accepted:
                cursor.executemany(
                    f"UPDATE {table} SET status = CASE WHEN status IN ('pending', 'sending', 'unknown') "  # noqa: S608
                    "THEN 'accepted' ELSE status END, sid = %s, segments = %s, "
                    "accepted_at = COALESCE(accepted_at, %s), updated_at = %s WHERE id = %s",
                    accepted,
                )
            if others:
                cursor.executemany(
                    f"UPDATE {table} SET status = %s, error_code = %s, error_message = %s, learned_at = %s, "  # noqa: S608
                    "updated_at = %s WHERE id = %s AND status IN ('sending', 'unknown')",
                    others,
                )
            if waiting:
                cancelled = (
                    f"EXISTS (SELECT 1 FROM {logs} WHERE {logs}.id = {table}.message_log_id "  # noqa: S608
                    f"AND {logs}.cancelled_at IS NOT NULL)"
                )
                cursor.executemany(
                    f"UPDATE {table} SET status = CASE WHEN {cancelled} THEN 'skipped' ELSE 'pending' END, "  # noqa: S608
                    f"skip_reason = CASE WHEN {cancelled} THEN 'cancelled' ELSE '' END, "
                    "error_code = NULL, error_message = '', updated_at = %s "
                    "WHERE id = %s AND status IN ('sending', 'unknown')",
                    waiting,
                )
                self._reopen_blasts([delivery_id for _, delivery_id in waiting])

    def _reopen_blasts(self, ids: list[int]) -> None:
        """Reopen closed blasts of late pending rows, which would otherwise never be sent."""
        waiting = self.filter(pk__in=ids, status=Delivery.Status.PENDING).values("message_log")
        closed = self._blasts().filter(pk__in=waiting, cancelled_at=None).exclude(status=BlastStatus.PROCESSING)
        closed.update(status=BlastStatus.PROCESSING, finished_at=None)

    def _blasts(self) -> Any:
        blasts: Any = self.model._meta.get_field("message_log").related_model
        return blasts._default_manager.all()

    def _adapt(self, moment: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(moment)

    def advance(
        self, delivery_id: int, status: str, sid: str = "", error_code: int | None = None, error_message: str = ""
    ) -> bool:
        """Move one row forward to `status` if that outranks its current one. Returns whether it moved.

        A row with another SID than `sid` stays. The SID is compared during the write, because the result of our own
        call may be recorded meanwhile. This also resolves unknown outcomes that staff had closed.
        """
        return bool(_advance_to(status).run(delivery_id, sid, error_code, error_message, timezone.now()))

    def refused(self, code: int | None) -> Self:
        """Rows that Twilio refused with that error code and that staff haven't closed."""
        return self.filter(status=Delivery.Status.FAILED, sid="", error_code=code, is_left=False)

    def not_live_in(self, blasts: Collection[int]) -> Self:
        """Rows whose phone has no live row in these blasts (ids).

        By ids and not by family, so that PostgreSQL looks up one phone at a time instead of reading all live rows for
        each.
        """
        return self.filter(~Exists(self._of_same_phone(blasts))) if blasts else self

    def live_in(self, blasts: Collection[int]) -> Self:
        """Rows whose phone has a live row in these blasts (ids)."""
        return self.filter(Exists(self._of_same_phone(blasts)))

    def _of_same_phone(self, blasts: Collection[int]) -> Any:
        rows: Any = self.model._default_manager.all()
        return rows.live().filter(message_log__in=blasts, phone=OuterRef("phone"))

    def can_be_retried(self, only_failed: bool) -> Self:
        """Rows that certainly failed and that staff haven't closed.

        `only_failed` leaves out hard failures and rows skipped by canceling.
        """
        rows = self.not_reached().filter(is_left=False)
        return rows.unsuccessful().exclude(error_code__in=final_codes()) if only_failed else rows

    def not_reached(self) -> Self:
        """Rows that certainly failed, or were skipped because the blast was canceled."""
        canceled = Q(status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.CANCELLED)
        return self.filter(Q(status__in=Delivery.UNSUCCESSFUL) | canceled)

    def because(self, reason: str) -> Self:
        """Rows skipped for that SkipReason, or failed for that `error_codes.Reason`."""
        if reason in Delivery.SkipReason.values:
            return self.filter(status=Delivery.Status.SKIPPED, skip_reason=reason)
        if reason == Reason.OTHER:
            return self.unsuccessful().filter(Q(error_code=None) | ~Q(error_code__in=list(error_table())))
        return self.unsuccessful().filter(error_code__in=codes_of(reason))

    def count_by_reason(self) -> Counter[str]:
        """The number of rows for each SkipReason or `error_codes.Reason` that occurs."""
        counts: Counter[str] = Counter()
        found = self.order_by().values_list("skip_reason", "error_code").annotate(Count("pk"))
        for skip_reason, code, count in found:
            counts[skip_reason or classify(code).reason] += count
        return counts

    def in_doubt(self) -> Self:
        """Deliveries with unknown outcome that await review."""
        return self.filter(status=Delivery.Status.UNKNOWN, is_left=False)

    def count_doubts(self) -> tuple[tuple[str, int], ...]:
        """Reasons for unknown outcomes with their counts, the most frequent first."""
        doubtful = self.filter(status=Delivery.Status.UNKNOWN).order_by()
        found = doubtful.values_list("error_message").annotate(Count("pk"))
        counts: Counter[str] = Counter()
        for reason, count in found:
            counts[doubt_reason(reason)] += count
        return tuple(counts.most_common())

    def abandoned(self, before: datetime) -> Self:
        """Rows called before `before` whose result was never recorded.

        A call time in the future is from before the clock was set back. Times within twice the maximum duration of a
        call aren't treated as future, because clocks differ and are adjusted by seconds.
        """
        future = Q(claimed_at__gt=before + 2 * ABANDONED_AFTER)
        return self.filter(Q(claimed_at__lt=before) | future, status=Delivery.Status.SENDING)

    def doubt_abandoned(self, before: datetime) -> int:
        """Set `abandoned` rows to "unknown". Returns how many.

        Rows being written at this moment are skipped: their call wasn't abandoned.
        """
        abandoned = self.abandoned(before)
        # Called every second, so avoid needless writes.
        if not abandoned.exists():
            return 0
        sentence = "The sender stopped during the call to Twilio."
        with transaction.atomic():
            rows = self.filter(pk__in=[row.pk for row in abandoned.only("pk")._lock_first(None)])
            return rows.update(status=Delivery.Status.UNKNOWN, error_message=sentence, updated_at=timezone.now())


class Delivery(models.Model):
    """One recipient of a blast, or of a text from the inbox, and what happened to it.

    A text from the inbox has no blast; its words are those of its `inbox_message`.

        pending → sending → accepted → sent → delivered
                    │          └────────┴──→ undelivered | failed
                    ├→ failed      refused: the error code says why
                    ├→ pending     proven not accepted: 429, connection refused, DNS, connect timeout
                    └→ unknown     read timeout, dropped answer, 5xx, our own death → accepted | pending, on evidence
                                   (skipped instead of pending where the blast has been canceled)
        pending → skipped          skip_reason says which

    A status only moves forward, by RANK: late, repeated or out-of-order reports change nothing. A late "delivered"
    outranks "undelivered", because parts of a long text can be reported separately.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting to send"
        SENDING = "sending", "Sending"
        UNKNOWN = "unknown", "Unconfirmed"
        ACCEPTED = "accepted", "Accepted"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        UNDELIVERED = "undelivered", "Not delivered"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    class SkipReason(models.TextChoices):
        OPTED_OUT = "opted_out", "Opted out"
        SUPPRESSED = "suppressed", "Unreachable"
        DUPLICATE = "duplicate", "Already texted"
        CANCELLED = "cancelled", "Blast canceled"
        NO_VALUE = "no_value", "No value for a field"

    SUCCESSFUL: Final = (Status.ACCEPTED, Status.SENT, Status.DELIVERED)
    UNSUCCESSFUL: Final = (Status.UNDELIVERED, Status.FAILED)
    # The text may have gone out or may still go out.
    LIVE: Final = (Status.PENDING, Status.SENDING, Status.UNKNOWN, *SUCCESSFUL)
    RANK: Final[dict[str, int]] = {
        Status.PENDING: 0,
        Status.SENDING: 1,
        Status.UNKNOWN: 2,
        Status.ACCEPTED: 3,
        Status.SENT: 4,
        Status.UNDELIVERED: 5,
        Status.FAILED: 5,
        Status.DELIVERED: 6,
        Status.SKIPPED: 7,
    }

    message_log = models.ForeignKey(
        "messaging.MessageLog",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name="blast",
    )
    phone = models.CharField(max_length=20)
    name = models.CharField(max_length=100, null=True, blank=True)
    merge_values = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="The values of the profile fields that its text uses, by key.",
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    sid = models.CharField(max_length=64, default="", blank=True)
    error_code = models.IntegerField(null=True, blank=True)
    error_message = models.TextField(default="", blank=True)
    skip_reason = models.CharField(max_length=12, choices=SkipReason, default="", blank=True)
    segments = models.SmallIntegerField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, help_text="Until when quiet hours keep it waiting.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    learned_at = models.DateTimeField(
        null=True, blank=True, help_text="When its failure was applied to the opt-outs and unreachable numbers."
    )
    is_left = models.BooleanField(
        default=False,
        help_text="Closed: staff chose not to resend, or a blast that no longer exists may have retried it.",
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["message_log", "phone"], name="unique_message_log_phone")]
        indexes = [
            models.Index(fields=["message_log", "status", "id"], name="ix_deliveries_log_status"),
            # For failures not yet applied to the lists (`messaging.sending.suppression_backfill`).
            models.Index(
                fields=["error_code", "id"],
                name="ix_deliveries_unlearned",
                condition=Q(learned_at__isnull=True, error_code__isnull=False),
            ),
            models.Index(
                fields=["message_log", "not_before"],
                name="ix_deliveries_not_before",
                condition=Q(not_before__isnull=False),
            ),
            # For what staff have to decide about: a handful among millions.
            models.Index(
                fields=["message_log", "claimed_at"],
                name="ix_deliveries_in_doubt",
                condition=Q(status="unknown", is_left=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.phone}: {self.get_status_display()}"

    @property
    def text(self) -> str:
        """What the person got or would have got."""
        if self.message_log is None:
            return str(self.inbox_message.body)
        return text_sent(self.message_log.message_body, self.name, self.merge_values)

    @property
    def is_success(self) -> bool:
        """Whether Twilio accepted it and it hasn't failed so far."""
        return self.status in self.SUCCESSFUL

    @property
    def can_be_retried(self) -> bool:
        """Whether it certainly failed for a reason that may pass (as in `MessageLog.to_retry`)."""
        return self.status in self.UNSUCCESSFUL and self.error_code not in final_codes()

    @property
    def why(self) -> str:
        """Why the person may not have the text, in a few words; "" if there is nothing to say."""
        if self.status == self.Status.SKIPPED:
            return self.get_skip_reason_display()
        if self.status in self.UNSUCCESSFUL and (reason := classify(self.error_code).reason) != Reason.OTHER:
            return str(reason.label)
        return self.doubt_reason if self.status == self.Status.UNKNOWN else self.error_message

    @property
    def doubt_reason(self) -> str:
        """Why the outcome is unknown."""
        return doubt_reason(self.error_message)

    @property
    def error_sentence(self) -> str | None:
        """Why the person didn't get the text, in words; None if there is nothing to say."""
        if self.status == self.Status.SKIPPED:
            return f"Skipped: {self.get_skip_reason_display().lower()}"
        return self.error_message or None


@cache
def _advance_to(status: str) -> PreparedUpdate:
    lower = [state for state, rank in Delivery.RANK.items() if rank < Delivery.RANK[status]]
    return PreparedUpdate(
        lambda pk, sid, code, sentence, now: (
            Delivery.objects.filter(Q(sid="") | Q(sid=sid), pk=pk, status__in=lower),
            {
                "status": status,
                "is_left": False,
                "sid": sid,
                "error_code": code,
                "error_message": sentence,
                "accepted_at": Coalesce("accepted_at", now),
                "updated_at": now,
            },
        )
    )
