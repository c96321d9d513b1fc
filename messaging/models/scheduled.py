"""Scheduled blasts."""

import hashlib
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from contacts.models import Event
from smsadmin.lib import shared_clock

from ..text.naming import name_of
from .blasts import MessageLog
from .choices import Target
from .drafts import Draft
from .series import Series

# Pauses between failed attempts; the last one repeats.
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900))


# How long to wait for a queued attempt before queueing another one.
ATTEMPT_LASTS: Final = timedelta(seconds=30)


class ScheduledMessageQuerySet(models.QuerySet):
    def upcoming(self) -> Self:
        """Pending ones, soonest first."""
        return self.filter(status=ScheduledMessage.Status.PENDING).order_by("scheduled_at", "pk")

    def over(self) -> Self:
        """Finished ones, with whatever outcome."""
        return self.exclude(status__in=(ScheduledMessage.Status.PENDING, ScheduledMessage.Status.PROCESSING))

    def due(self, now: datetime) -> Self:
        """Those whose time has come and that aren't pausing between attempts.

        A pause longer than the attempt's own was written before the clock was set back.
        """
        may_go = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
        for attempts, pause in enumerate((timedelta(0), *PAUSES)):
            longest = now + max(pause, ATTEMPT_LASTS) + shared_clock.SKEW
            is_last = attempts == len(PAUSES)
            counted = Q(attempt_count__gte=attempts) if is_last else Q(attempt_count=attempts)
            may_go |= counted & Q(next_attempt_at__gt=longest)
        return self.filter(may_go, status=ScheduledMessage.Status.PENDING, scheduled_at__lte=now)

    def reserve(self, pk: int, now: datetime, until: datetime) -> bool:
        """Reserve a due one for an attempt. Returns False if another process was faster."""
        return bool(self.due(now).filter(pk=pk).update(next_attempt_at=until))

    def expire(self, late: Collection[int], reason: str) -> int:
        """Expire the pending ones of these ids. Returns how many."""
        if not late:
            return 0
        pending = self.filter(pk__in=late, status=ScheduledMessage.Status.PENDING)
        return pending.update(status=ScheduledMessage.Status.EXPIRED, error_message=reason)


class ScheduledMessage(models.Model):
    """A blast scheduled for a set time. Times are in UTC; the audience is resolved when it starts.

    pending → processing → sent | failed       as its blast ends
       ├→ failed                               couldn't start: error_message says why
       ├→ expired                              couldn't start in time
       └→ cancelled                            by staff
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Scheduled"
        PROCESSING = "processing", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Canceled"

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    scheduled_at = models.DateTimeField("scheduled for")
    message_body = models.TextField("message")
    target = models.CharField("audience", max_length=20, choices=Target)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="scheduled_messages")
    definition = models.JSONField(null=True, blank=True, editable=False)
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
    series = models.ForeignKey(Series, models.SET_NULL, null=True, blank=True, related_name="occurrences")
    occurs_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Its time by the rule of its series, wherever it was moved."
    )
    attempt_count = models.IntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ScheduledMessageQuerySet.as_manager()

    class Meta:
        db_table = "scheduled_messages"
        verbose_name = "scheduled blast"
        indexes = [models.Index(fields=["status", "scheduled_at"], name="ix_scheduled_status_at")]
        constraints = [models.UniqueConstraint(fields=["series", "occurs_at"], name="unique_series_occurrence")]

    def __str__(self) -> str:
        return name_of(self.message_body)

    @property
    def token(self) -> uuid.UUID:
        """The unique token of its blast, which rules out a second one."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"scheduled message {self.pk}")

    @property
    def version(self) -> str:
        """Changes with the text, the audience or the time. The pages send it back."""
        seen = (
            self.message_body,
            self.target,
            self.event_id,
            self.definition,
            self.test_mode,
            self.scheduled_at.astimezone(UTC).isoformat(),
        )
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_over(self) -> bool:
        """Whether it is finished, with whatever outcome."""
        return self.status not in (self.Status.PENDING, self.Status.PROCESSING)

    def cancel(self) -> bool:
        """Cancel it. Returns False if it has started or is finished."""
        return self._move(status=self.Status.CANCELLED)

    def reschedule(self, at: datetime) -> bool:
        """Change its time. Returns False if it has started or is finished."""
        return self._move(scheduled_at=at, attempt_count=0, next_attempt_at=None, error_message=None)

    def _move(self, **changes: Any) -> bool:
        is_moved = ScheduledMessage.objects.filter(pk=self.pk, status=self.Status.PENDING).update(**changes)
        self.refresh_from_db()
        return bool(is_moved)
