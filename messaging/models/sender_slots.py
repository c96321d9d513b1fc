"""Leases of senders, and the sending rate that they share."""

from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.db.models import Q

from smsadmin.lib import shared_clock

# A dead sender's slot is free again after this; a live one renews it three times as often.
LEASE_SECONDS: Final = 9.0
# The maximum rest of a slot, and the maximum lease.
LONGEST_REST_SECONDS: Final = 300.0


class SenderSlotQuerySet(models.QuerySet):
    LONGEST: Final = timedelta(seconds=LONGEST_REST_SECONDS)

    def held(self, now: datetime) -> Self:
        """Slots that are leased by a sender, reserved for a task, or resting.

        A lease that starts in the future, or ends later than any could, is from before the clock was set back.
        """
        return self.held_since(now, now)

    def held_since(self, since: datetime, now: datetime | None = None) -> Self:
        """Slots that were `held` at some time after `since`."""
        now = now or shared_clock.now()
        has_begun = Q(leased_at=None) | Q(leased_at__lte=now + shared_clock.SKEW)
        return self.filter(has_begun, shared_clock.lies_ahead("leased_until", since, now - since + self.LONGEST))

    def free(self, now: datetime) -> Self:
        """Slots that aren't `held`."""
        return self.filter(
            Q(leased_until=None)
            | Q(leased_until__lte=now)
            | Q(leased_until__gt=now + self.LONGEST + shared_clock.SKEW)
            | Q(leased_at__gt=now + shared_clock.SKEW)
        )

    def reserve(self, pk: int, owner: str, seconds: float, now: datetime | None = None) -> bool:
        """Reserve a slot for `owner`, a task queued now. Returns False if another owner holds it."""
        now = now or shared_clock.now()
        mine_or_free = self.filter(owner=owner) | self.free(now)
        changes = {
            "owner": owner,
            "leased_at": now,
            "leased_until": now + timedelta(seconds=seconds),
            "queued_at": now,
        }
        return bool(mine_or_free.filter(pk=pk).update(**changes))

    def hold(self, pk: int, owner: str) -> datetime | None:
        """Take a slot for the sender `owner` and note that it reported in.

        Returns the lease's end; None if another owner holds it.
        """
        return self._hold(self.filter(owner=owner) | self.free(now := shared_clock.now()), pk, owner, now)

    def renew(self, pk: int, owner: str) -> datetime | None:
        """Renew the lease of the sender `owner` and note that it reported in. Returns its end; None if it expired."""
        return self._hold(self.filter(owner=owner).held(now := shared_clock.now()), pk, owner, now)

    def _hold(self, slots: Self, pk: int, owner: str, now: datetime) -> datetime | None:
        until = now + timedelta(seconds=LEASE_SECONDS)
        changes = {"owner": owner, "leased_at": now, "leased_until": until, "queued_at": None, "sender_seen_at": now}
        return until if slots.filter(pk=pk).update(**changes) else None

    def wake(self, message_log_id: int) -> None:
        """End the rest of a blast's slots: something can be sent after all."""
        self.filter(message_log=message_log_id, owner="").update(leased_until=None)

    def for_replies(self) -> Self:
        """The one slot without a blast, if it exists yet."""
        return self.filter(message_log=None, number=0)

    def waiting_for_a_task(self, now: datetime) -> Self:
        """Slots reserved for a task that is still queued."""
        return self.held(now).filter(queued_at__isnull=False)

    def take_over(self, pk: int, owner: str, new_owner: str) -> bool:
        """Lease a slot instead of the queued task, which then finds it taken. Returns False if the task was
        faster."""
        waiting = self.waiting_for_a_task(now := shared_clock.now()).filter(owner=owner)
        return self._hold(waiting, pk, new_owner, now) is not None

    def release(self, pk: int, owner: str, limit: int, rest: float = 0) -> None:
        """Release a slot, available after `rest` seconds. Its next holder makes `limit` concurrent calls."""
        now = shared_clock.now()
        free_at = now + timedelta(seconds=rest) if rest > 0 else None
        self.filter(pk=pk, owner=owner).update(
            owner="", leased_at=now, leased_until=free_at, queued_at=None, limit=limit
        )


class SenderSlot(models.Model):
    """A sender's lease on a blast, or on the inbox's replies.

    A blast has a fixed number of slots, which limits its senders however often the queue is nudged. The replies have
    one slot without a blast. An expired lease belongs to a dead sender: the next nudge takes over its slot. All times
    are by the installation's shared clock.
    """

    message_log = models.ForeignKey(
        "messaging.MessageLog", models.CASCADE, null=True, blank=True, related_name="slots"
    )
    number = models.SmallIntegerField()
    owner = models.CharField(max_length=32, default="", blank=True)
    leased_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True, help_text="When its waiting task was queued.")
    sender_seen_at = models.DateTimeField(null=True, blank=True, help_text="When a sender last reported in.")
    limit = models.SmallIntegerField(null=True, blank=True, help_text="Concurrent calls; fewer after errors.")

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
    """One row: when the installation's next text may be sent (see `messaging.sending.pacing`)."""

    next_at = models.BigIntegerField(default=0, help_text="Microseconds since 1970.")

    class Meta:
        db_table = "pace"

    def __str__(self) -> str:
        return str(self.next_at)
