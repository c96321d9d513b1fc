"""What is sent: blasts, one delivery for each recipient, drafts, and what is planned for later."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils import timezone

from contacts.models import CommunityMember, Event

from .querysets import DeliveryQuerySet, MessageLogManager, ScheduledMessageQuerySet, SenderSlotQuerySet


class Target(models.TextChoices):
    """The values of `target` in the schema of record."""

    COMMUNITY = "community", "Community"
    EVENT = "event", "Event registrants"


class RetryWhom(models.TextChoices):
    """Which people of an earlier blast a retry goes to."""

    FAILED = "failed", "Those who failed for the moment"
    UNREACHED = "unreached", "Everyone who did not get it"


class MessageLog(models.Model):
    """A blast: one text to many people, and how it went.

    `status` is "processing" while a delivery can still be claimed or is in a call, then "sent", or
    "failed" when nobody at all got it. The three counters are what the delivery rows say at the last count
    (`write_totals`): everyone in the audience; those accepted by Twilio and not failed since; those failed.
    """

    class Status(models.TextChoices):
        PROCESSING = "processing", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

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
    audience_name = models.CharField("audience", max_length=250, default="", editable=False)
    test_mode = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stop_code = models.IntegerField(null=True, blank=True)
    stop_reason = models.TextField(default="", blank=True)
    muted_code = models.IntegerField(null=True, blank=True, help_text="Stops this blast no more: staff went on.")
    trouble = models.TextField(default="", blank=True)

    STORED_DETAILS_LIMIT: Final = 10_000

    objects = MessageLogManager()

    class Meta:
        db_table = "message_logs"
        verbose_name = "blast"
        base_manager_name = "objects"
        indexes = [models.Index(fields=["status"], name="ix_message_logs_status")]
        permissions = [("send_blast", "Can send blasts")]

    def __str__(self) -> str:
        start = " ".join(self.message_body.split())
        return start if len(start) <= 60 else f"{start[:59]}…"

    @property
    def is_running(self) -> bool:
        """Whether senders may claim rows of this blast."""
        return self.status == self.Status.PROCESSING and self.paused_at is None and self.cancelled_at is None

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

    def pause(self) -> bool:
        """Let no further row be claimed; calls in flight end as they end. False if it was not running."""
        return self._halt(paused_at=timezone.now())

    def stop(self, code: int, reason: str) -> bool:
        """Pause for a fault that is ours to mend. False if it was not running."""
        return self._halt(paused_at=timezone.now(), stop_code=code, stop_reason=reason)

    def _halt(self, **changes: Any) -> bool:
        is_halted = MessageLog.objects.running().filter(pk=self.pk).update(**changes)
        self.refresh_from_db(fields=["status", "paused_at", "stop_code", "stop_reason"])
        return bool(is_halted)

    def resume(self) -> bool:
        """Go on after a pause or a stop. False if it was not paused.

        Whom Twilio refused for the fault that stopped the blast certainly has no text: they wait again. Where
        the fault was reported of texts that Twilio had accepted, these stay as they are, and as staff have
        decided to go on all the same, it does not stop the blast again.
        """
        with transaction.atomic():
            log = MessageLog.objects.select_for_update().get(pk=self.pk)
            if log.paused_at is None or log.cancelled_at is not None:
                return False
            if log.stop_code is not None:
                log.deliveries.filter(status=Delivery.Status.FAILED, sid="", error_code=log.stop_code).update(
                    status=Delivery.Status.PENDING, error_code=None, error_message="", updated_at=timezone.now()
                )
                if log.deliveries.unsuccessful().filter(error_code=log.stop_code).exists():
                    MessageLog.objects.filter(pk=self.pk).update(muted_code=log.stop_code)
            MessageLog.objects.filter(pk=self.pk).update(
                status=self.Status.PROCESSING, paused_at=None, stop_code=None, stop_reason="", finished_at=None
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
            waiting = self.deliveries.filter(status=Delivery.Status.PENDING)
            skipped = waiting.update(
                status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.CANCELLED, updated_at=now
            )
        self.refresh_from_db()
        self.settle()
        return skipped

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


class Delivery(models.Model):
    """One recipient of one blast: the truth about what happened to them.

        pending → sending → accepted → sent → delivered
                    │          └────────┴──→ undelivered | failed
                    ├→ failed      refused: the error code says why
                    ├→ pending     proven not accepted: 429, connection refused, DNS, connect timeout
                    └→ unknown     read timeout, dropped answer, 5xx, our own death → accepted | pending, on evidence
        pending → skipped          skip_reason says which

    States only move forward, by RANK: what comes late, twice or out of order changes nothing. A late
    "delivered" outranks "undelivered", because parts of a long text can be reported apart.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENDING = "sending", "Being sent"
        UNKNOWN = "unknown", "In doubt"
        ACCEPTED = "accepted", "Accepted"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        UNDELIVERED = "undelivered", "Not delivered"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    class SkipReason(models.TextChoices):
        OPTED_OUT = "opted_out", "Opted out"
        SUPPRESSED = "suppressed", "Cannot be texted"
        DUPLICATE = "duplicate", "Already in this blast"
        CANCELLED = "cancelled", "Blast cancelled"

    SUCCESSFUL: Final = (Status.ACCEPTED, Status.SENT, Status.DELIVERED)
    UNSUCCESSFUL: Final = (Status.UNDELIVERED, Status.FAILED)
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

    message_log = models.ForeignKey(MessageLog, models.CASCADE, related_name="deliveries", verbose_name="blast")
    phone = models.CharField(max_length=20)
    name = models.CharField(max_length=100, null=True, blank=True)
    status = models.CharField("state", max_length=12, choices=Status, default=Status.PENDING)
    sid = models.CharField(max_length=64, default="", blank=True)
    error_code = models.IntegerField(null=True, blank=True)
    error_message = models.TextField(default="", blank=True)
    skip_reason = models.CharField(max_length=12, choices=SkipReason, default="", blank=True)
    segments = models.SmallIntegerField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    is_left = models.BooleanField(
        default=False, help_text="Staff have seen that this one is in doubt, and leave it at that."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["message_log", "phone"], name="unique_message_log_phone")]
        indexes = [models.Index(fields=["message_log", "status", "id"], name="ix_deliveries_log_status")]

    def __str__(self) -> str:
        return f"{self.name or self.phone}: {self.get_status_display()}"

    @property
    def is_success(self) -> bool:
        """Accepted by Twilio and not failed so far."""
        return self.status in self.SUCCESSFUL

    @property
    def error_sentence(self) -> str | None:
        """Why the person has not got the text, in words; None where there is nothing to say."""
        if self.status == self.Status.SKIPPED:
            return f"Skipped: {self.get_skip_reason_display().lower()}"
        return self.error_message or None


class SenderSlot(models.Model):
    """A sender's lease on a blast: who sends it now, until when unless renewed.

    A blast has a fixed number of slots, so however often the queue is nudged, no more senders work on it.
    A lease that ran out belongs to a sender that died: the next nudge takes the slot over.
    """

    message_log = models.ForeignKey(MessageLog, models.CASCADE, related_name="slots")
    number = models.SmallIntegerField()
    owner = models.CharField(max_length=32, default="", blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    limit = models.SmallIntegerField(null=True, blank=True, help_text="Calls at once; fewer after trouble")

    objects = SenderSlotQuerySet.as_manager()

    class Meta:
        db_table = "sender_slots"
        constraints = [models.UniqueConstraint(fields=["message_log", "number"], name="unique_log_slot")]

    def __str__(self) -> str:
        return f"{self.message_log_id}/{self.number}"


class Pace(models.Model):
    """One row: when the next text of the whole installation may leave (see `messaging.pacing`)."""

    next_at = models.BigIntegerField(default=0, help_text="Microseconds since 1970")

    class Meta:
        db_table = "pace"

    def __str__(self) -> str:
        return str(self.next_at)


class Draft(models.Model):
    """A message that is being written, from the compose page to its confirmation.

    `token` comes from the form: however often a form is posted, there is one draft, and a draft becomes at
    most one blast.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    message_body = models.TextField("message", default="")
    has_opt_out_line = models.BooleanField(default=True)
    target = models.CharField(max_length=20, choices=Target, default=Target.COMMUNITY)
    event = models.ForeignKey(Event, models.CASCADE, null=True, blank=True, related_name="+")
    is_selection = models.BooleanField(default=False)
    members = models.ManyToManyField(CommunityMember, related_name="+", db_table="blast_draft_members")
    retry_of = models.ForeignKey(MessageLog, models.CASCADE, null=True, blank=True, editable=False, related_name="+")
    retry_whom = models.CharField(max_length=10, choices=RetryWhom, default="", blank=True, editable=False)
    test_mode = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    message_log = models.OneToOneField(
        MessageLog, models.SET_NULL, null=True, blank=True, editable=False, related_name="draft"
    )

    class Meta:
        db_table = "blast_drafts"
        verbose_name = "draft"

    def __str__(self) -> str:
        return self.message_body[:60]


class ScheduledMessage(models.Model):
    """A blast that leaves at a set time. Times are kept in UTC; the audience is resolved when it leaves.

    pending → processing → sent | failed       as its blast ends
       ├→ failed                               it could not start: error_message says why
       ├→ expired                              it could not leave in time
       └→ cancelled                            by staff
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        PROCESSING = "processing", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Cancelled"

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    scheduled_at = models.DateTimeField("leaves")
    message_body = models.TextField("message")
    target = models.CharField(max_length=20, choices=Target)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="scheduled_messages")
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    test_mode = models.BooleanField(default=False)
    processing_started_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error_message = models.TextField(null=True, blank=True)
    message_log = models.OneToOneField(MessageLog, models.SET_NULL, null=True, blank=True, related_name="scheduled")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="scheduled by",
    )
    draft = models.OneToOneField(
        Draft, models.SET_NULL, null=True, blank=True, editable=False, related_name="scheduled"
    )
    is_selection = models.BooleanField(default=False, editable=False)
    attempt_count = models.IntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ScheduledMessageQuerySet.as_manager()

    class Meta:
        db_table = "scheduled_messages"
        verbose_name = "scheduled message"
        indexes = [models.Index(fields=["status", "scheduled_at"], name="ix_scheduled_status_at")]

    def __str__(self) -> str:
        start = " ".join(self.message_body.split())
        return start if len(start) <= 60 else f"{start[:59]}…"

    @property
    def token(self) -> uuid.UUID:
        """The token of its blast, which is unique: a second blast of the same message cannot be written."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"scheduled message {self.pk}")

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.status not in (self.Status.PENDING, self.Status.PROCESSING)

    def cancel(self) -> bool:
        """Let it never leave. False if it has left already, or is over."""
        return self._move(status=self.Status.CANCELLED)

    def reschedule(self, at: datetime) -> bool:
        """Let it leave at another time. False if it has left already, or is over."""
        return self._move(scheduled_at=at, attempt_count=0, next_attempt_at=None, error_message=None)

    def _move(self, **changes: Any) -> bool:
        is_moved = ScheduledMessage.objects.filter(pk=self.pk, status=self.Status.PENDING).update(**changes)
        self.refresh_from_db()
        return bool(is_moved)
