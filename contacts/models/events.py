"""Events and the people registered for them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone

from accounts import organization

from ..fields import LastFour, PhoneField
from .members import PersonQuerySet


class Event(models.Model):
    """Something that people register for; they can be texted separately from the community.

    With a start, `date` is its day by the clocks of `zone` (an IANA name; "" for the organization's).
    """

    title = models.CharField(max_length=200)
    date = models.DateField(null=True, blank=True)
    starts_at = models.DateTimeField("starts", null=True, blank=True)
    zone = models.CharField("time zone", max_length=64, blank=True, default="")
    place = models.CharField(max_length=200, blank=True, default="")
    canceled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "events"

    def __str__(self) -> str:
        return f"{self.title} ({self.date:%b %-d, %Y})" if self.date else self.title

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone or organization.zone_name())

    @property
    def local_start(self) -> datetime | None:
        """When it starts by its own clocks, naive; None if only the day, or not even that, is known."""
        return self.starts_at and self.starts_at.astimezone(self.time_zone).replace(tzinfo=None)


class EventRegistration(models.Model):
    """A person registered for one event."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField()
    created_at = models.DateTimeField("registered", default=timezone.now, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        db_table = "event_registrations"
        verbose_name = "registration"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "phone"],
                name="unique_event_phone",
                violation_error_message="This number is already registered for the event.",
            )
        ]
        indexes = [
            models.Index(fields=["phone"], name="ix_registrations_phone"),
            models.Index(LastFour("phone"), name="ix_registrations_last_four"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone
