"""Which rows, and bulk changes: the querysets of the messaging models."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from contacts.consent.opting_out import opted_out_since
from contacts.querysets import blocked_by
from smsadmin.lib import shared_clock
from smsadmin.lib.prepared_statements import PreparedUpdate

from .error_codes import final_codes
from .text.formatting import doubt_reason

if TYPE_CHECKING:
    from .models import Delivery, MessageLog

# A dead sender's slot is free again after this; a living one renews it three times as often.
LEASE_SECONDS: Final = 9.0
# Longer than any call can take (5 s to connect, 15 s to answer) with the wait for its time slot.
ABANDONED_AFTER: Final = timedelta(seconds=60)
# No slot rests longer, and no lease is longer.
LONGEST_REST_SECONDS: Final = 300.0
# How long a scheduled message is put off after each attempt that failed, the last one again and again.
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900))
# How long a queued attempt may take to come before another one is queued.
ATTEMPT_LASTS: Final = timedelta(seconds=30)


class MessageLogQuerySet(models.QuerySet):
    def running(self) -> Self:
        """Blasts whose rows senders may claim."""
        return self.filter(status="processing", paused_at=None, cancelled_at=None)

    def halted(self) -> Self:
        """Blasts that are paused or have stopped, and may have ended like that."""
        return self.filter(paused_at__isnull=False, cancelled_at=None)

    def lock_family(self, log: "MessageLog") -> "MessageLog":
        """Lock a blast and its relatives until the transaction ends; the blast as it is now. Raises DoesNotExist.

        Always in the same order, so that two who do it at once wait for each other and never both. The lock is weaker
        than one of the key: who records that a number of this blast is dead has locked a delivery, and refers to the
        blast.
        """
        root = log.family or log.pk
        members = self.filter(Q(pk__in={root, log.pk}) | Q(family=root)).order_by("pk")
        members = members.select_for_update(no_key=True)
        list(members)
        now: Any = self.get(pk=log.pk)
        return now

    def without_sender(self, since: datetime) -> Self:
        """Those begun or resumed before then, of which no sender has had a slot since."""
        begun = self.filter(Q(sending_since=None) | Q(sending_since__lte=since), created_at__lt=since)
        return begun.exclude(Exists(self._slots().held_since(since)))

    def _slots(self) -> "SenderSlotQuerySet":
        """The slots of the blast in the query around this one."""
        slot: Any = self.model._meta.get_field("slots").related_model
        slots: SenderSlotQuerySet = slot._default_manager.filter(message_log=OuterRef("pk"))
        return slots

    def left_alone_since(self, since: datetime, now: datetime) -> Self:
        """Those that nobody has started or resumed since then, and whose senders have given no sign of life.

        A slot that rests has its sender's word until its rest is over. A sign in the future was given before the
        clock was set back: a sender that lives gives another one within seconds.
        """
        slots = self._slots()
        given = slots.filter(sender_seen_at__gt=since) | slots.filter(owner="").held_since(since, now)
        started = self.filter(Q(sending_since=None) | Q(sending_since__lte=since), created_at__lte=since)
        return started.filter(~Exists(given))


class MessageLogManager(models.Manager.from_queryset(MessageLogQuerySet)):  # type: ignore[misc]
    """Leaves `details` in the database: no page needs the copy."""

    def get_queryset(self) -> MessageLogQuerySet:
        return super().get_queryset().defer("stored_details")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is to be written about one delivery after its call; `status` is a value of Delivery.Status.

    `is_learned`: what the failure says about the number goes to the lists in the same transaction.
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
        """Without the texts of the inbox."""
        return self.filter(message_log__isnull=False)

    def replies(self) -> Self:
        """What staff write in conversations. An automatic answer is none: it has left with our answer to Twilio."""
        return self.filter(message_log=None, inbox_message__automation_source="manual")

    def in_progress(self) -> Self:
        """Rows that a sender has in hand or may still claim."""
        return self.filter(status__in=("pending", "sending"))

    def live(self) -> Self:
        """Rows whose text may have gone out, or may still go out."""
        model: Any = self.model
        return self.filter(status__in=model.LIVE)

    def unsuccessful(self) -> Self:
        return self.filter(status__in=("undelivered", "failed"))

    def called_since(self, moment: datetime | None) -> Self:
        """Those whose call began at `moment` or later; all of them where that is None."""
        return self if moment is None else self.filter(claimed_at__gte=moment)

    def count_by_status(self) -> dict[str, int]:
        """How many rows there are in each state that occurs."""
        return dict(self.order_by().values_list("status").annotate(Count("pk")))

    def claim(self, message_log_id: int, most: int, now: datetime | None = None) -> "list[Delivery]":
        """Take up to `most` waiting rows of a blast for sending, and commit before returning them.

        Only a returned row may be sent, and only by the caller. Opt-outs and suppressions are looked up
        once more: who said stop since the blast began becomes skipped. So is who may have the text from
        another blast of the family. The empty list means that nothing is left to claim, or that the blast
        has been paused or cancelled.
        """
        waiting = self.filter(
            message_log_id=message_log_id,
            status="pending",
            message_log__status="processing",
            message_log__paused_at=None,
            message_log__cancelled_at=None,
        ).annotate(blocked_by=blocked_by(), family=F("message_log__family"))
        while True:
            with transaction.atomic():
                rows = waiting.only("phone", "name")._lock_first(most)
                self._block_duplicates(message_log_id, rows)
                claimed = self._take(rows, now)
            if claimed or not rows:
                return claimed

    def _block_duplicates(self, message_log_id: int, rows: list[Any]) -> None:
        """Block those locked rows of a blast whose phone has a text in another blast of the family.

        The rule of a family leaves none, except those of a report that came since. Of two rows that both wait the
        first one goes, whoever looks.
        """
        if not rows or rows[0].family is None:
            return
        waiting = {row.phone: row.pk for row in rows}
        relatives = self._blasts().filter(family=rows[0].family).exclude(pk=message_log_id)
        live = self.live().filter(message_log__in=list(relatives.values_list("pk", flat=True)), phone__in=waiting)
        others = live.values_list("phone", "status", "pk")
        texted = {phone for phone, status, pk in others if status != "pending" or pk < waiting[phone]}
        for row in rows:
            if row.phone in texted:
                row.blocked_by = row.blocked_by or "duplicate"

    def claim_replies(self, most: int, now: datetime | None = None) -> "list[Delivery]":
        """Take up to `most` waiting replies, oldest first, as `claim` takes rows of a blast; with `inbox_message`.

        Who has opted out since is skipped. A suppression skips nobody here: who has texted us can be texted.
        """
        waiting = self.replies().filter(status="pending").select_related("inbox_message")
        while True:
            with transaction.atomic():
                rows = waiting._lock_first(most)
                opted_out = opted_out_since(row.phone for row in rows)
                for row in rows:
                    row.blocked_by = "opted_out" if row.phone in opted_out else ""
                claimed = self._take(rows, now)
            if claimed or not rows:
                return claimed

    def _lock_first(self, most: int | None) -> list[Any]:
        """The first rows, or all of them, locked until the transaction ends.

        SQLite has one writer at a time, and our transactions there are immediate: nobody else can claim
        between this look and the update. Elsewhere the rows are locked, and other senders pass over them.
        """
        rows = self.order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        return list(rows[:most])

    def _take(self, rows: list[Any], now: datetime | None) -> list[Any]:
        """Of locked rows, skip those that are `blocked_by` something, and take the others, which are returned."""
        now = now or shared_clock.now()
        blocked = [row for row in rows if row.blocked_by]
        claimed = [row for row in rows if not row.blocked_by]
        for reason in {row.blocked_by for row in blocked}:
            pks = [row.pk for row in blocked if row.blocked_by == reason]
            self.filter(pk__in=pks).update(status="skipped", skip_reason=reason, updated_at=now)
        self.filter(pk__in=[row.pk for row in claimed]).update(status="sending", claimed_at=now, updated_at=now)
        return claimed

    def record(self, receipts: Iterable[Receipt], now: datetime | None = None) -> None:
        """Write what the calls brought, in one batch. A state that a callback moved further stays.

        Who was proven not to have been accepted waits again, and the blast with them where it had been closed; in a
        canceled blast they are skipped.
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
        """A doubt that is settled late may find its blast closed: who waits is not to wait in there for ever."""
        waiting = self.filter(pk__in=ids, status="pending").values("message_log")
        closed = self._blasts().filter(pk__in=waiting, cancelled_at=None).exclude(status="processing")
        closed.update(status="processing", finished_at=None)

    def _blasts(self) -> MessageLogQuerySet:
        blasts: Any = self.model._meta.get_field("message_log").related_model
        rows: MessageLogQuerySet = blasts._default_manager.all()
        return rows

    def _adapt(self, moment: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(moment)

    def advance(
        self, delivery_id: int, status: str, sid: str = "", error_code: int | None = None, error_message: str = ""
    ) -> bool:
        """Move one row forward to `status` if that outranks its state; whether it moved.

        A row that has another SID than `sid` stays: that is compared at the moment of the write, because our own
        answer may be recorded meanwhile. A doubt that staff had left at that is settled by it.
        """
        return bool(_advance_to(status).run(delivery_id, sid, error_code, error_message, timezone.now()))

    def refused(self, code: int | None) -> Self:
        """Those whom Twilio refused with that error code, and about whom something may still be done."""
        return self.filter(status="failed", sid="", error_code=code, is_left=False)

    def not_live_in(self, blasts: Collection[int]) -> Self:
        """Those whose phone has no live row in these blasts (ids).

        By ids and not by what they have in common: PostgreSQL then always looks up one phone after the other, and
        never reads all live rows for each.
        """
        return self.filter(~Exists(self._of_same_phone(blasts))) if blasts else self

    def live_in(self, blasts: Collection[int]) -> Self:
        """Those whose phone has a live row in these blasts (ids)."""
        return self.filter(Exists(self._of_same_phone(blasts)))

    def _of_same_phone(self, blasts: Collection[int]) -> Any:
        rows: Any = self.model._default_manager.all()
        return rows.live().filter(message_log__in=blasts, phone=OuterRef("phone"))

    def can_be_retried(self, only_failed: bool) -> Self:
        """Those who certainly did not get it from their blast, and nothing speaks against another try.

        `only_failed` leaves out whom no retry can reach: hard failures, and who was skipped by a cancel.
        """
        rows = self.not_reached().filter(is_left=False)
        return rows.unsuccessful().exclude(error_code__in=final_codes()) if only_failed else rows

    def kept_from_retry(self) -> Self:
        """Those of one blast who did not get it, and may have got it in a blast that is gone: deleted, or lost in a
        restore."""
        return self.not_reached().filter(is_left=True)

    def not_reached(self) -> Self:
        """Those who certainly did not get it from their blast, although they were to."""
        return self.filter(Q(status__in=("failed", "undelivered")) | Q(status="skipped", skip_reason="cancelled"))

    def in_doubt(self) -> Self:
        """Those of whom nobody knows whether they have the text, and whom staff have not left at that."""
        return self.filter(status="unknown", is_left=False)

    def count_doubts(self) -> tuple[tuple[str, int], ...]:
        """Why people are in doubt, and how many each reason is about, the most frequent first."""
        found = self.filter(status="unknown").order_by().values_list("error_message").annotate(Count("pk"))
        counts: Counter[str] = Counter()
        for reason, count in found:
            counts[doubt_reason(reason)] += count
        return tuple(counts.most_common())

    def abandoned(self, before: datetime) -> Self:
        """Those whose call began before `before` and was never recorded.

        A call that seems to have begun in the future began before the clock was set back. What is no further from
        `before` than twice the time that calls may take is no future: clocks may differ, and be set by seconds.
        """
        future = Q(claimed_at__gt=before + 2 * ABANDONED_AFTER)
        return self.filter(Q(claimed_at__lt=before) | future, status="sending")

    def doubt_abandoned(self, before: datetime) -> int:
        """Those `abandoned` become "unknown": how many.

        What somebody writes at this moment is passed over: its call has not been abandoned.
        """
        abandoned = self.abandoned(before)
        # Asked each second: where there are none, nobody has to wait for a write.
        if not abandoned.exists():
            return 0
        sentence = "The sender stopped in the middle of the call."
        with transaction.atomic():
            rows = self.filter(pk__in=[row.pk for row in abandoned.only("pk")._lock_first(None)])
            return rows.update(status="unknown", error_message=sentence, updated_at=timezone.now())


@cache
def _advance_to(status: str) -> PreparedUpdate:
    model: Any = apps.get_model("messaging", "Delivery")
    lower = [state for state, rank in model.RANK.items() if rank < model.RANK[status]]
    return PreparedUpdate(
        lambda pk, sid, code, sentence, now: (
            model.objects.filter(Q(sid="") | Q(sid=sid), pk=pk, status__in=lower),
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


class SenderSlotQuerySet(models.QuerySet):
    LONGEST: Final = timedelta(seconds=LONGEST_REST_SECONDS)

    def held(self, now: datetime) -> Self:
        """Slots that a sender holds, that wait for a task, or that rest.

        A lease that begins in the future, or ends later than any could, was given before the clock was set back.
        """
        return self.held_since(now, now)

    def held_since(self, since: datetime, now: datetime | None = None) -> Self:
        """Slots that were `held` at some time after `since`."""
        now = now or shared_clock.now()
        has_begun = Q(leased_at=None) | Q(leased_at__lte=now + shared_clock.SKEW)
        return self.filter(has_begun, shared_clock.lies_ahead("leased_until", since, now - since + self.LONGEST))

    def free(self, now: datetime) -> Self:
        """Slots that no living sender holds: all but those `held`."""
        return self.filter(
            Q(leased_until=None)
            | Q(leased_until__lte=now)
            | Q(leased_until__gt=now + self.LONGEST + shared_clock.SKEW)
            | Q(leased_at__gt=now + shared_clock.SKEW)
        )

    def lease(self, pk: int, owner: str, seconds: float, now: datetime | None = None) -> bool:
        """Take or renew one slot for `owner`; False when another one holds it."""
        now = now or shared_clock.now()
        mine_or_free = self.filter(owner=owner) | self.free(now)
        until = now + timedelta(seconds=seconds)
        return bool(mine_or_free.filter(pk=pk).update(owner=owner, leased_at=now, leased_until=until))

    def hold(self, pk: int, owner: str) -> datetime | None:
        """Take one slot for the sender `owner`, as `lease` does, with its sign of life: until when."""
        return self._hold(self.filter(owner=owner) | self.free(now := shared_clock.now()), pk, owner, now)

    def renew(self, pk: int, owner: str) -> datetime | None:
        """Renew the lease of the sender `owner`, with its sign of life: until when; None once it has run out."""
        return self._hold(self.filter(owner=owner).held(now := shared_clock.now()), pk, owner, now)

    def _hold(self, slots: Self, pk: int, owner: str, now: datetime) -> datetime | None:
        until = now + timedelta(seconds=LEASE_SECONDS)
        changes = {"owner": owner, "leased_at": now, "leased_until": until, "sender_seen_at": now}
        return until if slots.filter(pk=pk).update(**changes) else None

    def for_replies(self) -> Self:
        """The one slot that belongs to no blast, once it has been made."""
        return self.filter(message_log=None, number=0)

    def waiting_for_a_task(self, now: datetime) -> Self:
        """Slots that are reserved for a task in the queue, by a lease longer than any sender's."""
        return self.held(now).exclude(owner="").filter(leased_until__gt=now + timedelta(seconds=LEASE_SECONDS))

    def take_over(self, pk: int, owner: str, new_owner: str) -> bool:
        """Lease a slot in place of the task that it waits for, which then finds it gone; False if it has come."""
        waiting = self.waiting_for_a_task(now := shared_clock.now()).filter(owner=owner)
        return self._hold(waiting, pk, new_owner, now) is not None

    def release(self, pk: int, owner: str, limit: int, rest: float = 0) -> None:
        """Give a slot back, free after `rest` seconds; its next holder makes `limit` calls at once."""
        now = shared_clock.now()
        free_at = now + timedelta(seconds=rest) if rest > 0 else None
        self.filter(pk=pk, owner=owner).update(owner="", leased_at=now, leased_until=free_at, limit=limit)


class ScheduledMessageQuerySet(models.QuerySet):
    def leaving_next(self) -> Self:
        """Those that wait, in the order in which they leave."""
        return self.filter(status="pending").order_by("scheduled_at", "pk")

    def over(self) -> Self:
        """Those of which nothing more is to come."""
        return self.exclude(status__in=("pending", "processing"))

    def due(self, now: datetime) -> Self:
        """Those whose time has come, and that no earlier attempt asked to wait.

        No attempt asks for longer than its pause: what seems to was written before the clock was set back.
        """
        may_go = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
        for attempts, pause in enumerate((timedelta(0), *PAUSES)):
            longest = now + max(pause, ATTEMPT_LASTS) + shared_clock.SKEW
            is_last = attempts == len(PAUSES)
            counted = Q(attempt_count__gte=attempts) if is_last else Q(attempt_count=attempts)
            may_go |= counted & Q(next_attempt_at__gt=longest)
        return self.filter(may_go, status="pending", scheduled_at__lte=now)

    def reserve(self, pk: int, now: datetime, until: datetime) -> bool:
        """Take one due message for an attempt; False when another process has just done so."""
        return bool(self.due(now).filter(pk=pk).update(next_attempt_at=until))

    def expire(self, before: datetime, reason: str) -> int:
        """Give up those that should have left before `before`; how many."""
        late = self.filter(status="pending", scheduled_at__lt=before)
        return late.update(status="expired", error_message=reason)


class InboxThreadQuerySet(models.QuerySet):
    def unread(self) -> Self:
        """Those with texts that nobody has read yet."""
        return self.filter(unread_count__gt=0)

    def undecided(self) -> Self:
        """Those with texts of which a person is to decide whether they mean stop."""
        return self.filter(flagged_at__isnull=False)

    def with_newest_text(self) -> Self:
        """With `newest_text`: the id of its latest text at the very moment at which the row is read; None without."""
        texts: Any = self.model._meta.get_field("messages").related_model
        newest = texts._default_manager.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        return self.annotate(newest_text=Subquery(newest))

    def miscounted(self) -> Self:
        """Conversations with more unread texts than came in, which are their `received`, or with fewer than none."""
        received = Count("messages", filter=Q(messages__direction="inbound"))
        some_unread = self.exclude(unread_count=0).annotate(received=received)
        return some_unread.filter(Q(unread_count__lt=0) | Q(unread_count__gt=F("received")))

    def limit_unread(self) -> int:
        """Let those have as many unread texts as can be; how many changed. One that changes meanwhile is left."""
        changed = 0
        for pk, unread, received in self.miscounted().values_list("pk", "unread_count", "received"):
            possible = min(max(unread, 0), received)
            rows = self.model._default_manager.filter(pk=pk, unread_count=unread)
            changed += rows.update(unread_count=possible)
        return changed


class InboxMessageQuerySet(models.QuerySet):
    def received(self) -> Self:
        return self.filter(direction="inbound")

    def on_their_own(self) -> Self:
        """Without the reactions that are shown at the text that they are about."""
        return self.filter(about_message=None, about_delivery=None)

    def flagged(self) -> Self:
        """Those of which a person is to decide whether they mean stop."""
        return self.filter(is_flagged=True)

    def for_staff(self) -> Self:
        """Those received that are unread at first: an opt-out, or an answer to a survey, is not."""
        return self.received().filter(needs_reading=True)


class KeywordOwnerQuerySet(models.QuerySet):
    """Keyword replies and, in their own app, surveys: what a keyword leads to as long as it is active."""

    def switch(self, *, is_active: bool) -> list[Any]:
        """Activate or deactivate them: those that were not so before."""
        with transaction.atomic():
            others = self.exclude(is_active=is_active).order_by("pk")
            switched: list[Any] = list(others.select_for_update(of=("self",)))
            rows = self.model._default_manager.filter(pk__in=[owner.pk for owner in switched])
            rows.update(is_active=is_active, updated_at=timezone.now())
        return switched
