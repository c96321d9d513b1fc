"""Series: blasts that repeat."""

from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from contacts.models import Event

from ..text.formatting import beginning
from .choices import Target


class SeriesQuerySet(models.QuerySet):
    def lacking_next(self) -> Self:
        """Running series none of whose blasts is scheduled or being sent."""
        blast: Any = self.model._meta.get_field("occurrences").related_model
        open_ones = blast._default_manager.filter(series=OuterRef("pk"), status__in=("pending", "processing"))
        return self.filter(~Exists(open_ones), paused_at=None, ended_at=None)


class Series(models.Model):
    """A blast that repeats. Each time is an ordinary scheduled blast; the next is made when one ends in whatever way.

    `rule` is an RRULE (RFC 5545) in the local time of `zone`, beginning at `starts_at`. `skipped` are local dates
    (2026-12-31) that staff left out.
    """

    rule = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    message_body = models.TextField("message")
    target = models.CharField("audience", max_length=20, choices=Target)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="+")
    definition = models.JSONField(null=True, blank=True, editable=False)
    skipped = models.JSONField(default=list, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        db_table = "message_series"
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return beginning(self.message_body, 60)

    @property
    def local_start(self) -> datetime:
        """When it begins by the clocks of its zone, naive."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
