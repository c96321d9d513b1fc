"""Who opted out: they aren't texted until they opt in again."""

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ..fields import PhoneField


class UnsubscribedContact(models.Model):
    """A number that opted out. Nothing is sent to it until the person opts in again.

    `source` is one of the values of Source, or "event:ID" or "group:ID" for someone on that list.
    """

    class Source(models.TextChoices):
        MANUAL = "manual", "Added by staff"
        IMPORT = "import", "Imported"
        COMMUNITY = "community", "Opted out of the community"
        MESSAGE_FAILURE = "message_failure", "Reported by Twilio"
        INBOUND = "inbound", "Opted out by text"

    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField(unique=True, error_messages={"unique": "This number has already opted out."})
    reason = models.TextField(null=True, blank=True)
    source = models.CharField(max_length=50, default=Source.MANUAL, editable=False)
    created_at = models.DateTimeField("opted out", default=timezone.now, editable=False)

    class Meta:
        db_table = "unsubscribed_contacts"
        verbose_name = "opt-out"
        verbose_name_plural = "opted out"
        indexes = [models.Index(fields=["created_at"], name="ix_unsubscribed_created")]

    def __str__(self) -> str:
        return self.name or self.phone


def unsubscribed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone has opted out."""
    return Exists(UnsubscribedContact.objects.filter(phone=OuterRef(phone)))
