"""Blasts: one message to many people, and its results."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, Sum, Value, When
from django.utils import timezone

from contacts.models import Event
from contacts.phones import ERASED
from smsadmin.lib import shared_clock

from ..text.naming import name_of
from ..text.personalization import Template, compile_template
from .choices import BlastStatus, Target
from .deliveries import Delivery, DeliveryQuerySet
from .sender_slots import SenderSlotQuerySet


class MessageLogQuerySet(models.QuerySet):
    def running(self) -> Self:
        """Blasts whose deliveries can be claimed."""
        return self.filter(status=BlastStatus.PROCESSING, paused_at=None, cancelled_at=None)

    def halted(self) -> Self:
        """Paused or stopped blasts, including those that ended that way."""
        return self.filter(paused_at__isnull=False, cancelled_at=None)

    def lock_family(self, log: "MessageLog") -> "MessageLog":
        """Lock a blast and its relatives until the transaction ends; returns the fresh blast. Raises DoesNotExist.

        Always in the same order, to avoid deadlocks. FOR NO KEY UPDATE, because recording an unreachable number locks
        a delivery first and then references the blast.
        """
        root = log.family or log.pk
        members = self.filter(Q(pk__in={root, log.pk}) | Q(family=root)).order_by("pk")
        members = members.select_for_update(no_key=True)
        list(members)
        now: Any = self.get(pk=log.pk)
        return now

    def without_sender(self, since: datetime) -> Self:
        """Blasts started or resumed before `since` that no sender has held a slot of since then."""
        begun = self.filter(Q(sending_since=None) | Q(sending_since__lte=since), created_at__lt=since)
        return begun.exclude(Exists(self._slots().held_since(since)))

    def _slots(self) -> "SenderSlotQuerySet":
        """Slots of the outer query's blast."""
        slot: Any = self.model._meta.get_field("slots").related_model
        slots: SenderSlotQuerySet = slot._default_manager.filter(message_log=OuterRef("pk"))
        return slots

    def left_alone_since(self, since: datetime, now: datetime) -> Self:
        """Blasts not started or resumed since `since` whose senders haven't reported in.

        A resting slot counts as reported until its rest is over. A time in the future is from before the clock was
        set back: a live sender reports again within seconds.
        """
        slots = self._slots()
        given = slots.filter(sender_seen_at__gt=since) | slots.filter(owner="").held_since(since, now)
        started = self.filter(Q(sending_since=None) | Q(sending_since__lte=since), created_at__lte=since)
        return started.filter(~Exists(given))


class MessageLogManager(models.Manager.from_queryset(MessageLogQuerySet)):  # type: ignore[misc]
    """Defers `details`, which no page needs."""

    def get_queryset(self) -> MessageLogQuerySet:
        return super().get_queryset().defer("stored_details")


class MessageLog(models.Model):
    """A blast: one message to many people, and its results.

    `status` is "processing" while a delivery can be claimed or is in a call, then "sent", or "failed" if nobody got
    it. The counters hold the delivery rows' totals at the last count (`write_totals`): the whole audience, those
    accepted by Twilio and not failed since, those failed, and of the accepted ones those delivered. `segment_count`
    is the segments that Twilio bills, as far as it has said so, counted when the blast ends.

    A blast, its retries and theirs form a family. `family` is the id of the first blast, even after that has been
    deleted, and None for a blast that was never retried. In a family, at most one delivery per phone is live
    (`Delivery.LIVE`). Anything that makes a delivery live again (a retry, `resume`, `reconciliation.send_again`)
    locks the family (`lock_family`) and skips phones that are live in its `relatives`; `claim` checks again, because
    a late report can make a delivery live at any time. A test of a retry belongs to no family.
    """

    Status = BlastStatus

    created_at = models.DateTimeField("started", default=timezone.now, editable=False)
    message_body = models.TextField("message")
    target = models.CharField("audience", max_length=20, choices=Target)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="message_logs")
    definition = models.JSONField(null=True, blank=True, editable=False)
    merge_fields = models.JSONField(
        null=True, blank=True, editable=False, help_text="The keys of the profile fields in the message."
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.SENT)
    total_recipients = models.IntegerField("recipients", default=0)
    success_count = models.IntegerField("succeeded", default=0)
    failure_count = models.IntegerField("failed", default=0)
    stored_details = models.TextField(null=True, blank=True, editable=False, db_column="details")

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="sent by",
    )
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="retries"
    )
    family = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="ID of the first blast in a chain of retries."
    )
    audience_name = models.CharField("audience", max_length=250, default="", editable=False)
    test_mode = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When a restore brought it back. People texted before then may have been retried since.",
    )
    sending_since = models.DateTimeField(null=True, blank=True, help_text="When staff last resumed it.")
    ignores_quiet_hours = models.BooleanField(default=False, help_text="An admin decided to send at any hour.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stop_code = models.IntegerField(null=True, blank=True)
    stop_reason = models.TextField(default="", blank=True)
    muted_code = models.IntegerField(null=True, blank=True, help_text="The fault before the last resume.")
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="When staff last resumed after a fault. Earlier results no longer count."
    )
    trouble = models.TextField(default="", blank=True)
    delivered_count = models.IntegerField("delivered", default=0, editable=False)
    segment_count = models.IntegerField("segments", default=0, editable=False)

    STORED_DETAILS_LIMIT: Final = 10_000

    objects = MessageLogManager()

    class Meta:
        db_table = "message_logs"
        verbose_name = "blast"
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["status"], name="ix_message_logs_status"),
            models.Index(fields=["family"], name="ix_message_logs_family"),
            # For what stopped by itself.
            models.Index(
                fields=["id"],
                name="ix_message_logs_halted",
                condition=Q(paused_at__isnull=False, cancelled_at=None),
            ),
            # For sums over the blasts of a month: the rows themselves are long.
            models.Index(
                fields=["created_at", "success_count", "failure_count", "delivered_count", "segment_count"],
                name="ix_message_logs_sums",
            ),
        ]
        permissions = [("send_blast", "Can send blasts"), ("ignore_quiet_hours", "Can send within quiet hours")]

    def __str__(self) -> str:
        return name_of(self.message_body)

    @property
    def template(self) -> Template:
        """Its parsed text. Needs no profile field that has been deleted since.

        Raises UnknownToken for a text of another system.
        """
        return compile_template(self.message_body, self.merge_fields or ())

    @property
    def is_running(self) -> bool:
        """Whether this blast's deliveries can be claimed."""
        return self.status == self.Status.PROCESSING and self.paused_at is None and self.cancelled_at is None

    @property
    def can_be_resumed(self) -> bool:
        """Whether `resume` would do anything: a delivery is pending or in a call, or can be tried again
        (`refused`)."""
        if self.paused_at is None or self.cancelled_at is not None:
            return False
        return self.status == self.Status.PROCESSING or self.refused().exists()

    def refused(self) -> DeliveryQuerySet:
        """Deliveries refused for the fault that stopped the blast and not taken over by a retry since."""
        if self.stop_code is None:
            return Delivery.objects.none()
        return self._free(self.deliveries.refused(self.stop_code))

    def _free(self, rows: DeliveryQuerySet) -> DeliveryQuerySet:
        """Those whose phone is live neither in a relative nor, perhaps, in a blast lost in a restore.

        After a restore, a repeated or contradicting report may say that a person wasn't reached who was retried in a
        blast that is lost.
        """
        return rows.called_after(self.restored_at).not_live_in(self.relatives())

    def relatives(self) -> list[int]:
        """The ids of the family's other blasts, freshly read."""
        family = MessageLog.objects.filter(pk=self.pk).values("family")
        others = MessageLog.objects.filter(family__in=family).exclude(pk=self.pk)
        return list(others.values_list("pk", flat=True))

    def to_retry(self, only_failed: bool, reason: str = "") -> DeliveryQuerySet:
        """Deliveries that certainly failed and whose phone isn't live in a relative.

        `only_failed` leaves out hard failures and deliveries skipped by canceling. With a `reason`
        (`DeliveryQuerySet.because`), only those.
        """
        rows: DeliveryQuerySet = self.deliveries.can_be_retried(only_failed)
        return self._free(rows.because(reason) if reason else rows)

    def kept_from_retry(self) -> DeliveryQuerySet:
        """Deliveries that failed here but may have been sent by a blast since deleted or lost in a restore."""
        rows: DeliveryQuerySet = self.deliveries.not_reached().exclude(phone__startswith=ERASED)
        is_kept = Q(is_left=True)
        if self.restored_at is not None:
            is_kept |= Q(claimed_at=None) | Q(claimed_at__lte=self.restored_at)
        return rows.filter(is_kept)

    def leave_relatives(self) -> int:
        """Before this blast is deleted, keep relatives from retrying phones it may have texted. Returns how many."""
        missed = Delivery.objects.filter(message_log__in=self.relatives()).not_reached()
        return missed.live_in([self.pk]).update(is_left=True)

    @property
    def is_stopped(self) -> bool:
        """Whether it is paused for a fault that someone has to fix."""
        return self.paused_at is not None and self.stop_code is not None

    def write_totals(self) -> None:
        """Update the counters, and for short lists the stored `details`, from the delivery rows."""
        counts = self.deliveries.count_by_status()
        totals = {
            "total_recipients": sum(counts.values()),
            "success_count": sum(counts.get(status, 0) for status in Delivery.SUCCESSFUL),
            "failure_count": sum(counts.get(status, 0) for status in Delivery.UNSUCCESSFUL),
            "delivered_count": counts.get(Delivery.Status.DELIVERED, 0),
        }
        if all(getattr(self, name) == total for name, total in totals.items()):
            return
        MessageLog.objects.filter(pk=self.pk).update(**totals)
        for name, total in totals.items():
            setattr(self, name, total)
        if self.status != self.Status.PROCESSING:
            self.store_details()

    def store_details(self) -> None:
        if self.total_recipients <= self.STORED_DETAILS_LIMIT:
            MessageLog.objects.filter(pk=self.pk).update(stored_details=self.details)

    def settle(self) -> bool:
        """Close the blast if no delivery is pending or in a call. Returns whether it is closed.

        "failed" means that at least one delivery failed and none succeeded; an unknown outcome counts as success.
        """
        if not self._close():
            return self.status != self.Status.PROCESSING
        self.refresh_from_db(fields=["status", "finished_at", "trouble"])
        self.write_totals()
        self._write_segments()
        self.store_details()
        return True

    def _write_segments(self) -> None:
        segments = self.deliveries.aggregate(total=Sum("segments"))["total"] or 0
        MessageLog.objects.filter(pk=self.pk).update(segment_count=segments)
        self.segment_count = segments

    def _close(self) -> bool:
        now = timezone.now()
        rows = Delivery.objects.filter(message_log=OuterRef("pk"))
        open_logs = MessageLog.objects.filter(~Exists(rows.in_progress()), pk=self.pk, status=self.Status.PROCESSING)
        reached = Exists(rows.filter(status__in=(*Delivery.SUCCESSFUL, Delivery.Status.UNKNOWN)))
        failed = Exists(rows.unsuccessful())
        status = Case(
            When(~reached & failed, then=Value(self.Status.FAILED.value)), default=Value(self.Status.SENT.value)
        )
        return bool(open_logs.update(status=status, finished_at=now, trouble=""))

    def pause(self, reason: str = "") -> bool:
        """Stop claiming deliveries; calls in flight finish. Returns False if it wasn't running.

        `reason` is a sentence for staff if they didn't pause it themselves.
        """
        return self._halt(MessageLog.objects.all(), paused_at=timezone.now(), stop_reason=reason)

    def stop(self, code: int, reason: str) -> bool:
        """Pause for a fault of ours. Returns False if it wasn't running, or if staff have resumed it since this
        object was read: they may have fixed the fault."""
        unresumed = MessageLog.objects.filter(resumed_at=self.resumed_at)
        return self._halt(unresumed, paused_at=timezone.now(), stop_code=code, stop_reason=reason)

    def _halt(self, logs: MessageLogQuerySet, **changes: Any) -> bool:
        is_halted = logs.running().filter(pk=self.pk).update(**changes)
        self.refresh_from_db(fields=["status", "paused_at", "stop_code", "stop_reason"])
        return bool(is_halted)

    def resume(self) -> bool:
        """Continue after a pause or stop. Returns False if it wasn't paused or nobody is left to text.

        Deliveries that Twilio refused for the fault are tried again, except those that a retry has taken over.
        Deliveries that Twilio accepted and later reported as failed stay as they are. Only results of calls made from
        now on can stop it again (`messaging.sending.breaker`).
        """
        with transaction.atomic():
            log = MessageLog.objects.lock_family(self)
            if not log.can_be_resumed:
                return False
            if log.stop_code is not None:
                log.refused().update(
                    status=Delivery.Status.PENDING, error_code=None, error_message="", updated_at=timezone.now()
                )
                MessageLog.objects.filter(pk=self.pk).update(muted_code=log.stop_code, resumed_at=shared_clock.now())
            MessageLog.objects.filter(pk=self.pk).update(
                status=self.Status.PROCESSING,
                paused_at=None,
                sending_since=shared_clock.now(),
                stop_code=None,
                stop_reason="",
                finished_at=None,
            )
            log.slots.wake(self.pk)
        self.refresh_from_db()
        return True

    def cancel(self) -> int | None:
        """Skip all pending deliveries. Returns how many, or None if it was already finished."""
        now = timezone.now()
        with transaction.atomic():
            open_logs = MessageLog.objects.filter(pk=self.pk, status=self.Status.PROCESSING, cancelled_at=None)
            if not open_logs.update(cancelled_at=now):
                return None
            skipped = self.skip_waiting()
        self.refresh_from_db()
        self.settle()
        return skipped

    def skip_waiting(self) -> int:
        """Skip a canceled blast's pending deliveries. Returns how many."""
        waiting = self.deliveries.filter(status=Delivery.Status.PENDING)
        # Called every second while calls of a canceled blast end, so avoid needless writes.
        if not waiting.exists():
            return 0
        return waiting.update(
            status=Delivery.Status.SKIPPED,
            skip_reason=Delivery.SkipReason.CANCELLED,
            updated_at=timezone.now(),
        )

    @property
    def details(self) -> str:
        """A JSON array of {"phone", "name", "success", "error"} objects, as in the schema of record.

        Always computed from the rows. The column of that name holds a copy for other readers of the database, updated
        with the counters; it stays empty for more than STORED_DETAILS_LIMIT recipients.
        """
        return json.dumps(list(self.iter_details()), ensure_ascii=False)

    def iter_details(self) -> Iterator[dict[str, Any]]:
        """Yields the entries of `details`. `success` means accepted and not failed so far."""
        rows = self.deliveries.order_by("pk")
        for delivery in rows.iterator(chunk_size=2000):
            yield {
                "phone": delivery.phone,
                "name": delivery.name,
                "success": delivery.is_success,
                "error": delivery.error_sentence,
            }
