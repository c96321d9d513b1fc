"""Blasts: one text to many people, and how it went."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from contacts.models import Event
from smsadmin.lib import shared_clock

from ..text.formatting import beginning
from .choices import BlastStatus, Target
from .deliveries import Delivery, DeliveryQuerySet
from .sender_slots import SenderSlotQuerySet


class MessageLogQuerySet(models.QuerySet):
    def running(self) -> Self:
        """Blasts whose rows senders may claim."""
        return self.filter(status=BlastStatus.PROCESSING, paused_at=None, cancelled_at=None)

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


class MessageLog(models.Model):
    """A blast: one text to many people, and how it went.

    `status` is "processing" while a delivery can still be claimed or is in a call, then "sent", or
    "failed" when nobody at all got it. The three counters are what the delivery rows say at the last count
    (`write_totals`): everyone in the audience; those accepted by Twilio and not failed since; those failed.

    A blast and all of its retries, and theirs, are a family: `family` is the id of its first blast, also once that
    has been deleted, and None for a blast that was never retried. The rule of a family: at most one row of a phone
    is live (`Delivery.LIVE`). Whatever makes a row live again (a retry, `resume`, `reconciling.send_again`) locks the
    family (`lock_family`) and passes over who is live in its `relatives`; `claim` looks once more, because a late
    report can make a row live at any moment. A test of a retry's text belongs to no family.
    """

    Status = BlastStatus

    created_at = models.DateTimeField("started", default=timezone.now, editable=False)
    message_body = models.TextField("message")
    target = models.CharField(max_length=20, choices=Target)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="message_logs")
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
        null=True, blank=True, editable=False, help_text="The first blast of it and its retries."
    )
    audience_name = models.CharField("audience", max_length=250, default="", editable=False)
    test_mode = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When a restore brought it back: whoever was called before may have been retried since.",
    )
    sending_since = models.DateTimeField(null=True, blank=True, help_text="When staff last let it go on.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stop_code = models.IntegerField(null=True, blank=True)
    stop_reason = models.TextField(default="", blank=True)
    muted_code = models.IntegerField(null=True, blank=True, help_text="The fault after which staff last resumed.")
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="When staff last resumed after a fault: texts called before say no more."
    )
    trouble = models.TextField(default="", blank=True)

    STORED_DETAILS_LIMIT: Final = 10_000

    objects = MessageLogManager()

    class Meta:
        db_table = "message_logs"
        verbose_name = "blast"
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["status"], name="ix_message_logs_status"),
            models.Index(fields=["family"], name="ix_message_logs_family"),
        ]
        permissions = [("send_blast", "Can send blasts")]

    def __str__(self) -> str:
        return beginning(self.message_body, 60)

    @property
    def is_running(self) -> bool:
        """Whether senders may claim rows of this blast."""
        return self.status == self.Status.PROCESSING and self.paused_at is None and self.cancelled_at is None

    @property
    def can_be_resumed(self) -> bool:
        """Whether `resume` would do anything: somebody waits or is in a call, or can wait again (`_refused`)."""
        if self.paused_at is None or self.cancelled_at is not None:
            return False
        return self.status == self.Status.PROCESSING or self._refused().exists()

    def _refused(self) -> DeliveryQuerySet:
        """Whom the fault that stopped the blast has kept from the text, and whom no retry has taken on since."""
        if self.stop_code is None:
            return Delivery.objects.none()
        return self._free(self.deliveries.refused(self.stop_code))

    def _free(self, rows: DeliveryQuerySet) -> DeliveryQuerySet:
        """Those of these rows whose phone no relative has taken on, nor a blast that a restore has taken back.

        After a restore a report that comes again, or contradicts a lost one, may say that somebody was not reached
        who was retried in the time that is lost.
        """
        return rows.called_after(self.restored_at).not_live_in(self.relatives())

    def relatives(self) -> list[int]:
        """The ids of the other blasts of the family, as of now."""
        family = MessageLog.objects.filter(pk=self.pk).values("family")
        others = MessageLog.objects.filter(family__in=family).exclude(pk=self.pk)
        return list(others.values_list("pk", flat=True))

    def to_retry(self, only_failed: bool) -> DeliveryQuerySet:
        """Who certainly did not get it, and neither has it from a relative nor waits for it there, as of now.

        `only_failed` leaves out whom no retry can reach: hard failures, and who was skipped by a cancel.
        """
        return self._free(self.deliveries.can_be_retried(only_failed))

    def kept_from_retry(self) -> DeliveryQuerySet:
        """Who did not get it from this blast, and may have got it from one that is gone: deleted, or lost in a
        restore."""
        rows: DeliveryQuerySet = self.deliveries.not_reached()
        is_kept = Q(is_left=True)
        if self.restored_at is not None:
            is_kept |= Q(claimed_at=None) | Q(claimed_at__lte=self.restored_at)
        return rows.filter(is_kept)

    def leave_relatives(self) -> int:
        """Before it is deleted: keep relatives from retrying whom it may have texted. How many."""
        missed = Delivery.objects.filter(message_log__in=self.relatives()).not_reached()
        return missed.live_in([self.pk]).update(is_left=True)

    @property
    def is_stopped(self) -> bool:
        """Whether it is paused for a fault that somebody has to mend."""
        return self.paused_at is not None and self.stop_code is not None

    def write_totals(self) -> None:
        """Bring the three counters, and for short lists the stored copy of `details`, up to what the rows say."""
        counts = self.deliveries.count_by_status()
        totals = {
            "total_recipients": sum(counts.values()),
            "success_count": sum(counts.get(status, 0) for status in Delivery.SUCCESSFUL),
            "failure_count": sum(counts.get(status, 0) for status in Delivery.UNSUCCESSFUL),
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
        """Close the blast if no row is left to claim or in a call; whether it is closed now.

        "failed" means that somebody failed and nobody got it; who is in doubt counts as having got it.
        """
        if not self._close():
            return self.status != self.Status.PROCESSING
        self.refresh_from_db(fields=["status", "finished_at", "trouble"])
        self.write_totals()
        self.store_details()
        return True

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
        """Let no further row be claimed; calls in flight end as they end. False if it was not running.

        `reason` is a sentence for staff, where they have not paused it themselves.
        """
        return self._halt(MessageLog.objects.all(), paused_at=timezone.now(), stop_reason=reason)

    def stop(self, code: int, reason: str) -> bool:
        """Pause for a fault that is ours to mend. False if it was not running, or if staff have resumed it after
        another fault since this object was read: the fault found may be the one that they have mended."""
        unresumed = MessageLog.objects.filter(resumed_at=self.resumed_at)
        return self._halt(unresumed, paused_at=timezone.now(), stop_code=code, stop_reason=reason)

    def _halt(self, logs: MessageLogQuerySet, **changes: Any) -> bool:
        is_halted = logs.running().filter(pk=self.pk).update(**changes)
        self.refresh_from_db(fields=["status", "paused_at", "stop_code", "stop_reason"])
        return bool(is_halted)

    def resume(self) -> bool:
        """Go on after a pause or a stop. False if it was not paused, or nobody is left to go on with.

        Whom Twilio refused for the fault that stopped the blast certainly has no text: they wait again, except
        those whom a retry has taken on since. Where the fault was reported of texts that Twilio had accepted, these
        stay as they are. Only what becomes of texts called from now on can stop it again
        (`messaging.sending.breaker`).
        """
        with transaction.atomic():
            log = MessageLog.objects.lock_family(self)
            if not log.can_be_resumed:
                return False
            if log.stop_code is not None:
                log._refused().update(
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
        self.refresh_from_db()
        return True

    def cancel(self) -> int | None:
        """Send nothing more: who still waits becomes skipped. How many, or None if it was over already."""
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
        """Skip everyone who still waits in a canceled blast. How many."""
        waiting = self.deliveries.filter(status=Delivery.Status.PENDING)
        # Asked each second while calls of a canceled blast end: where nobody waits, nobody has to wait for a write.
        if not waiting.exists():
            return 0
        return waiting.update(
            status=Delivery.Status.SKIPPED,
            skip_reason=Delivery.SkipReason.CANCELLED,
            updated_at=timezone.now(),
        )

    @property
    def details(self) -> str:
        """A JSON array of {"phone", "name", "success", "error"} objects, as the schema of record has it.

        Always made from the rows. The column of that name holds a copy for readers of the database, brought up
        to date with the counters; for more than STORED_DETAILS_LIMIT recipients it stays empty.
        """
        return json.dumps(list(self.iter_details()), ensure_ascii=False)

    def iter_details(self) -> Iterator[dict[str, Any]]:
        """The entries of `details`, one after the other. `success` means: accepted and not failed so far."""
        rows = self.deliveries.order_by("pk")
        for delivery in rows.iterator(chunk_size=2000):
            yield {
                "phone": delivery.phone,
                "name": delivery.name,
                "success": delivery.is_success,
                "error": delivery.error_sentence,
            }
