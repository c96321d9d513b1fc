"""Delivery reports that match no delivery."""

from datetime import date, datetime

from django.db import models
from django.db.models import F
from django.utils import timezone


class UnmatchedReportsManager(models.Manager["UnmatchedReports"]):
    def count_one(self, now: datetime | None = None) -> None:
        """Count one report today."""
        now = now or timezone.now()
        day = now.date()
        # The row is made once a day; afterwards this is a single UPDATE.
        if self._add(day, now):
            return
        self.bulk_create([UnmatchedReports(day=day, last_at=now)], ignore_conflicts=True)
        self._add(day, now)

    def _add(self, day: date, now: datetime) -> int:
        return self.filter(day=day).update(count=F("count") + 1, last_at=now)


class UnmatchedReports(models.Model):
    """How many genuine delivery reports on a day (UTC) match no delivery by id, SID and number."""

    day = models.DateField(unique=True)
    count = models.IntegerField(default=0)
    last_at = models.DateTimeField()

    objects = UnmatchedReportsManager()

    class Meta:
        db_table = "unmatched_reports"
        verbose_name_plural = "unmatched reports"

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"
