"""The recipients of blasts, and those who send to them."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..error_codes import final_codes
from ..querysets import DeliveryQuerySet, SenderSlotQuerySet
from ..text.formatting import doubt_reason


class Delivery(models.Model):
    """One recipient of one blast, or of one text of the inbox: the truth about what happened to them.

    A text of the inbox has no blast; its words are those of its `inbox_message`.

        pending → sending → accepted → sent → delivered
                    │          └────────┴──→ undelivered | failed
                    ├→ failed      refused: the error code says why
                    ├→ pending     proven not accepted: 429, connection refused, DNS, connect timeout
                    └→ unknown     read timeout, dropped answer, 5xx, our own death → accepted | pending, on evidence
                                   (skipped instead of pending where the blast has been canceled)
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
        DUPLICATE = "duplicate", "Already texted"
        CANCELLED = "cancelled", "Blast cancelled"

    SUCCESSFUL: Final = (Status.ACCEPTED, Status.SENT, Status.DELIVERED)
    UNSUCCESSFUL: Final = (Status.UNDELIVERED, Status.FAILED)
    # The text may have gone out, or may still go out.
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
    status = models.CharField("state", max_length=12, choices=Status, default=Status.PENDING)
    sid = models.CharField(max_length=64, default="", blank=True)
    error_code = models.IntegerField(null=True, blank=True)
    error_message = models.TextField(default="", blank=True)
    skip_reason = models.CharField(max_length=12, choices=SkipReason, default="", blank=True)
    segments = models.SmallIntegerField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    learned_at = models.DateTimeField(
        null=True, blank=True, help_text="When what its failure says about the number was recorded on the lists."
    )
    is_left = models.BooleanField(
        default=False,
        help_text="Nothing more is done about this one, in doubt or not reached: staff leave it at that, or it may "
        "have been retried in a blast that is gone.",
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["message_log", "phone"], name="unique_message_log_phone")]
        indexes = [
            models.Index(fields=["message_log", "status", "id"], name="ix_deliveries_log_status"),
            # For the pass over failures that taught the lists nothing (`messaging.sending.suppression_backfill`).
            models.Index(
                fields=["error_code", "id"],
                name="ix_deliveries_unlearned",
                condition=Q(learned_at__isnull=True, error_code__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.phone}: {self.get_status_display()}"

    @property
    def is_success(self) -> bool:
        """Accepted by Twilio and not failed so far."""
        return self.status in self.SUCCESSFUL

    @property
    def can_be_retried(self) -> bool:
        """Whether the person has certainly not got it, for a reason that may pass (as in `MessageLog.to_retry`)."""
        return self.status in self.UNSUCCESSFUL and self.error_code not in final_codes()

    @property
    def doubt_reason(self) -> str:
        """Why nobody knows whether the person has the text."""
        return doubt_reason(self.error_message)

    @property
    def error_sentence(self) -> str | None:
        """Why the person has not got the text, in words; None where there is nothing to say."""
        if self.status == self.Status.SKIPPED:
            return f"Skipped: {self.get_skip_reason_display().lower()}"
        return self.error_message or None


class SenderSlot(models.Model):
    """A sender's lease on a blast, or on the inbox's texts: who sends it now, until when unless renewed.

    A blast has a fixed number of slots, so however often the queue is nudged, no more senders work on it. The
    texts of the inbox have one slot, which belongs to no blast.
    A lease that ran out belongs to a sender that died: the next nudge takes the slot over. All times are by the clock
    that the installation shares.
    """

    message_log = models.ForeignKey(
        "messaging.MessageLog", models.CASCADE, null=True, blank=True, related_name="slots"
    )
    number = models.SmallIntegerField()
    owner = models.CharField(max_length=32, default="", blank=True)
    leased_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    sender_seen_at = models.DateTimeField(null=True, blank=True, help_text="The last sign of life of a sender.")
    limit = models.SmallIntegerField(null=True, blank=True, help_text="Calls at once; fewer after trouble")

    objects = SenderSlotQuerySet.as_manager()

    class Meta:
        db_table = "sender_slots"
        constraints = [
            models.UniqueConstraint(fields=["message_log", "number"], name="unique_log_slot"),
            models.UniqueConstraint(
                fields=["number"], condition=models.Q(message_log=None), name="unique_inbox_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_log_id}/{self.number}"


class Pace(models.Model):
    """One row: when the next text of the whole installation may leave (see `messaging.sending.pacing`)."""

    next_at = models.BigIntegerField(default=0, help_text="Microseconds since 1970")

    class Meta:
        db_table = "pace"

    def __str__(self) -> str:
        return str(self.next_at)
