"""What is planned to be texted about an event: reminders before it, thanks after it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from contacts.models import Event

from ..text.formatting import beginning
from .scheduled import ScheduledMessage


class PlanLineQuerySet(models.QuerySet):
    def default(self) -> Self:
        """The lines that a new event begins with."""
        return self.filter(event=None)


class PlanLine(models.Model):
    """One text of an event's plan, so many days or minutes before (negative) or after it.

    With `days`, at `time` by the event's clocks on that day; with `minutes`, relative to its start. It is carried out
    by an ordinary scheduled blast. `synced_body` and `synced_at` are what we last wrote into that: if it says
    something else now, staff edited it, and we leave it alone. Without an event, a line is part of the plan for new
    events.
    """

    class Whom(models.TextChoices):
        REGISTERED = "registered", "People registered for it"
        NOT_REGISTERED = "not_registered", "The community, except people registered for it"

    event = models.ForeignKey(Event, models.CASCADE, null=True, blank=True, related_name="plan")
    days = models.SmallIntegerField(null=True, blank=True)
    time = models.TimeField(null=True, blank=True)
    minutes = models.IntegerField(null=True, blank=True)
    whom = models.CharField("to", max_length=20, choices=Whom, default=Whom.REGISTERED)
    text = models.TextField()
    message = models.OneToOneField(
        ScheduledMessage, models.SET_NULL, null=True, blank=True, editable=False, related_name="plan_line"
    )
    synced_body = models.TextField(default="", blank=True, editable=False)
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    missed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When its time was found past.")

    objects = PlanLineQuerySet.as_manager()

    class Meta:
        db_table = "event_plan_lines"
        constraints = [
            models.CheckConstraint(
                condition=Q(days__isnull=False, time__isnull=False, minutes__isnull=True)
                | Q(days__isnull=True, time__isnull=True, minutes__isnull=False),
                name="plan_line_has_one_time",
            )
        ]

    def __str__(self) -> str:
        return beginning(self.text, 60)

    @property
    def is_edited_by_hand(self) -> bool:
        """Whether staff changed the time or the words of its blast."""
        message = self.message
        return message is not None and (message.message_body, message.scheduled_at) != (
            self.synced_body,
            self.synced_at,
        )

    def wrote(self, body: str, at: datetime) -> None:
        """Note what was written into its blast."""
        self.synced_body, self.synced_at, self.missed_at = body, at, None
