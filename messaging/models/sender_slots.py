"""Who sends a blast now: leases of senders, and the pace of all of them together."""

from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.db.models import Q

from smsadmin.lib import shared_clock

# A dead sender's slot is free again after this; a living one renews it three times as often.
LEASE_SECONDS: Final = 9.0
# No slot rests longer, and no lease is longer.
LONGEST_REST_SECONDS: Final = 300.0


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

    def reserve(self, pk: int, owner: str, seconds: float, now: datetime | None = None) -> bool:
        """Lease one slot to the task `owner`, which is queued now; False when another one holds it."""
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
        """Take one slot for the sender `owner`, with its sign of life: until when; None when another one holds it."""
        return self._hold(self.filter(owner=owner) | self.free(now := shared_clock.now()), pk, owner, now)

    def renew(self, pk: int, owner: str) -> datetime | None:
        """Renew the lease of the sender `owner`, with its sign of life: until when; None once it has run out."""
        return self._hold(self.filter(owner=owner).held(now := shared_clock.now()), pk, owner, now)

    def _hold(self, slots: Self, pk: int, owner: str, now: datetime) -> datetime | None:
        until = now + timedelta(seconds=LEASE_SECONDS)
        changes = {"owner": owner, "leased_at": now, "leased_until": until, "queued_at": None, "sender_seen_at": now}
        return until if slots.filter(pk=pk).update(**changes) else None

    def for_replies(self) -> Self:
        """The one slot that belongs to no blast, once it has been made."""
        return self.filter(message_log=None, number=0)

    def waiting_for_a_task(self, now: datetime) -> Self:
        """Slots that are reserved for a task that is still in the queue."""
        return self.held(now).filter(queued_at__isnull=False)

    def take_over(self, pk: int, owner: str, new_owner: str) -> bool:
        """Lease a slot in place of the task that it waits for, which then finds it gone; False if it has come."""
        waiting = self.waiting_for_a_task(now := shared_clock.now()).filter(owner=owner)
        return self._hold(waiting, pk, new_owner, now) is not None

    def release(self, pk: int, owner: str, limit: int, rest: float = 0) -> None:
        """Give a slot back, free after `rest` seconds; its next holder makes `limit` calls at once."""
        now = shared_clock.now()
        free_at = now + timedelta(seconds=rest) if rest > 0 else None
        self.filter(pk=pk, owner=owner).update(
            owner="", leased_at=now, leased_until=free_at, queued_at=None, limit=limit
        )


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
    queued_at = models.DateTimeField(
        null=True, blank=True, help_text="When the task was queued that it still waits for."
    )
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
