"""Choices shared by several models."""

from django.db import models


class Target(models.TextChoices):
    """The values of `target`: the schema of record's two, and AUDIENCE for what a definition says."""

    COMMUNITY = "community", "Community"
    EVENT = "event", "People registered for an event"
    AUDIENCE = "audience", "Groups, audiences, or single people"


class RetryWhom(models.TextChoices):
    """Whom a retry of a blast goes to."""

    FAILED = "failed", "Temporary failures"
    UNREACHED = "unreached", "Everyone who didn’t get it"


class BlastStatus(models.TextChoices):
    """The values of `message_logs.status` in the schema of record."""

    PROCESSING = "processing", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
