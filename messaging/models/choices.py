"""Values that several models share."""

from django.db import models


class Target(models.TextChoices):
    """The values of `target` in the schema of record."""

    COMMUNITY = "community", "Community"
    EVENT = "event", "Event registrants"


class RetryWhom(models.TextChoices):
    """Which people of an earlier blast a retry goes to."""

    FAILED = "failed", "Those who failed for the moment"
    UNREACHED = "unreached", "Everyone who did not get it"


class BlastStatus(models.TextChoices):
    """The values of `message_logs.status` in the schema of record."""

    PROCESSING = "processing", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
