"""The stored security events (`auth_events` in the database of the replaced system)."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Kind(models.TextChoices):
    """What happened."""

    LOGIN = "login", "Signed in"
    LOGIN_FAILED = "login_failed", "Failed sign-in"
    LOCKOUT = "lockout", "Locked out"
    UNLOCK = "unlock", "Lock lifted"
    LOGOUT = "logout", "Signed out"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    PASSWORD_RESET = "password_reset", "Password reset"
    ROLE_CHANGED = "role_changed", "Role changed"
    USER_ADDED = "user_added", "User added"
    USER_DEACTIVATED = "user_deactivated", "User deactivated"
    USER_ACTIVATED = "user_activated", "User activated"
    USER_REMOVED = "user_removed", "User removed"
    BLAST_SENT = "blast_sent", "Blast sent"
    LOGS_CLEARED = "logs_cleared", "Logs cleared"
    DATA_EXPORTED = "data_exported", "Data exported"
    QUIET_HOURS_IGNORED = "quiet_hours_ignored", "Sent within quiet hours"
    PERSON_ERASED = "person_erased", "Person erased"
    WEBHOOK_SET = "webhook_set", "Webhook set"


class Outcome(models.TextChoices):
    SUCCESS = "success", "Success"
    FAILURE = "failure", "Failure"


class SecurityEvent(models.Model):
    """Something that an operator may have to trace: who, when, from where.

    Written only by `accounts.events.record` and never changed. `username` outlives the user.
    """

    event_type = models.CharField("event", max_length=50, choices=Kind)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.SUCCESS)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    username = models.CharField("who", max_length=80, blank=True)
    client_ip = models.CharField("from", max_length=45, blank=True)
    metadata: Any = models.JSONField("details", default=dict, db_column="metadata_json")
    created_at = models.DateTimeField("when", default=timezone.now)

    class Meta:
        db_table = "auth_events"
        verbose_name = "security event"
        ordering = ("-pk",)
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="ix_auth_events_created_at"),
            models.Index(fields=["event_type", "-id"], name="ix_auth_events_type"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_type_display()}: {self.username or 'unknown'}"
