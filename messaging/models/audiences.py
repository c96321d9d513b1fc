"""Audiences that staff save under a name."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class SavedAudienceQuerySet(models.QuerySet):
    def named(self, name: str) -> Self:
        """The audience of this name, whatever its case."""
        return self.filter(name__iexact=" ".join(name.split()))


class SavedAudience(models.Model):
    """A name for a definition (`messaging.composing.definitions`), whose people are found anew for each message."""

    name = models.CharField(max_length=100)
    definition = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SavedAudienceQuerySet.as_manager()

    class Meta:
        db_table = "audiences"
        verbose_name = "audience"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="unique_audience_name",
                violation_error_message="There is already an audience of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name
