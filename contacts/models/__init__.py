"""Who may be texted: the lists of people, and those who said stop or cannot be reached."""

from django.db import models
from django.utils import timezone

from ..fields import LastFour, PhoneField
from ..querysets import PersonQuerySet, SuppressedQuerySet
from .consent import ConsentRecord
from .imports import ContactImport, ImportChunk, ImportRow

__all__ = [
    "CommunityMember",
    "ConsentRecord",
    "ContactImport",
    "Event",
    "EventRegistration",
    "ImportChunk",
    "ImportRow",
    "LiftedSuppression",
    "SuppressedContact",
    "UnsubscribedContact",
]


class CommunityMember(models.Model):
    """A person who is texted by blasts to the community."""

    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField(unique=True, error_messages={"unique": "This number is already in the community."})
    created_at = models.DateTimeField("added", default=timezone.now, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        db_table = "community_members"
        verbose_name = "community member"
        indexes = [models.Index(LastFour("phone"), name="ix_members_last_four")]

    def __str__(self) -> str:
        return self.name or self.phone


class Event(models.Model):
    """Something that people register for; its registrants can be texted apart from the community."""

    title = models.CharField(max_length=200)
    date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "events"

    def __str__(self) -> str:
        return f"{self.title} ({self.date:%-d %b %Y})" if self.date else self.title


class EventRegistration(models.Model):
    """A person who is registered for one event."""

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


class UnsubscribedContact(models.Model):
    """A number that said stop. Nothing is sent to it until the person opts in again.

    `source` is one of the values of Source, or "event:ID" for a registrant of that event.
    """

    class Source(models.TextChoices):
        MANUAL = "manual", "Added by staff"
        IMPORT = "import", "Imported"
        COMMUNITY = "community", "Unsubscribed from the community"
        MESSAGE_FAILURE = "message_failure", "Twilio reported an opt-out"
        INBOUND = "inbound", "Opted out by text"

    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField(unique=True, error_messages={"unique": "This number is already unsubscribed."})
    reason = models.TextField(null=True, blank=True)
    source = models.CharField(max_length=50, default=Source.MANUAL, editable=False)
    created_at = models.DateTimeField("unsubscribed", default=timezone.now, editable=False)

    class Meta:
        db_table = "unsubscribed_contacts"
        verbose_name = "unsubscribed contact"

    def __str__(self) -> str:
        return self.name or self.phone


class SuppressedContact(models.Model):
    """A number that cannot be reached: blasts skip it until staff restore it."""

    class Category(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        HARD_FAIL = "hard_fail", "Cannot be texted"
        SOFT_FAIL = "soft_fail", "Failed for the moment (still texted)"

    phone = PhoneField(unique=True, error_messages={"unique": "This number is already suppressed."})
    reason = models.TextField(null=True, blank=True)
    category = models.CharField(max_length=20, choices=Category, default=Category.HARD_FAIL)
    source = models.CharField(max_length=50, null=True, blank=True, editable=False)
    source_type = models.CharField(max_length=50, null=True, blank=True, editable=False)
    source_message_log = models.ForeignKey(
        "messaging.MessageLog",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="suppressed_contacts",
    )
    created_at = models.DateTimeField("suppressed", default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SuppressedQuerySet.as_manager()

    class Meta:
        db_table = "suppressed_contacts"
        verbose_name = "suppressed contact"

    def __str__(self) -> str:
        return self.phone


class LiftedSuppression(models.Model):
    """When staff last took a number off the suppressed contacts: errors from before that don't put it back."""

    phone = models.CharField(max_length=20, unique=True)
    lifted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "lifted_suppressions"

    def __str__(self) -> str:
        return self.phone
