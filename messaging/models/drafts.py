"""Drafts of blasts."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models import CommunityMember, Event

from ..text.naming import name_of
from ..text.personalization import with_opt_out_line
from .blasts import MessageLog
from .choices import RetryWhom, Target


class DraftQuerySet(models.QuerySet):
    def unsent(self) -> Self:
        """Drafts with words that are neither sent nor scheduled, the latest first."""
        return self.filter(sent_at=None).exclude(message_body="").order_by("-updated_at", "-pk")


class Draft(models.Model):
    """A blast being written, from the compose page to its review.

    `token` comes from the form: a form posted several times makes one draft, and a draft becomes at most one blast.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    message_body = models.TextField("message", default="")
    has_opt_out_line = models.BooleanField(default=True)
    target = models.CharField(max_length=20, choices=Target, default=Target.COMMUNITY)
    event = models.ForeignKey(Event, models.CASCADE, null=True, blank=True, related_name="+")
    definition = models.JSONField(null=True, blank=True, editable=False)
    is_selection = models.BooleanField(default=False)
    members = models.ManyToManyField(CommunityMember, related_name="+", db_table="blast_draft_members")
    retry_of = models.ForeignKey(MessageLog, models.CASCADE, null=True, blank=True, editable=False, related_name="+")
    retry_whom = models.CharField(max_length=10, choices=RetryWhom, default="", blank=True, editable=False)
    retry_reason = models.CharField(
        max_length=20, default="", blank=True, editable=False, help_text="Only those missed for this reason."
    )
    test_mode = models.BooleanField(default=False)
    leaves_out_incomplete = models.BooleanField(
        default=False,
        editable=False,
        help_text="Staff chose to leave out people without a value for a field of the message.",
    )
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    message_log = models.OneToOneField(
        MessageLog, models.SET_NULL, null=True, blank=True, editable=False, related_name="draft"
    )

    objects = DraftQuerySet.as_manager()

    class Meta:
        db_table = "blast_drafts"
        verbose_name = "draft"

    def __str__(self) -> str:
        return name_of(self.message_body)

    @property
    def lacks_event(self) -> bool:
        """Whether it goes to an event that isn't chosen yet, or that was deleted."""
        is_to_event = self.target == Target.EVENT and not self.is_selection and self.retry_of_id is None
        return is_to_event and self.event_id is None

    @property
    def version(self) -> str:
        """Changes with every edit. The review page sends it back."""
        return self.updated_at.isoformat()

    @property
    def whole_body(self) -> str:
        """The text to send, with its fields, and with the opt-out line if wanted."""
        return with_opt_out_line(self.message_body) if self.has_opt_out_line else self.message_body
