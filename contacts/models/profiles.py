"""What is known of a phone whatever list it is on: the profile, and the fields that staff define."""

from typing import Final

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from ..fields import PhoneField

# As in {grade}: begins with a letter, so that it can't be mistaken for a number in braces.
KEY: Final = r"^[a-z][a-z0-9_]{0,39}$"


class Profile(models.Model):
    """What staff know of a phone. There is a row only where something is known.

    `name` is what staff last confirmed. `time_zone` is an IANA name, "" for that of the number.
    """

    phone = PhoneField(unique=True)
    name = models.CharField(max_length=100, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=50, blank=True, default="")
    notes = models.TextField(max_length=5_000, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "profiles"
        permissions = [
            ("export_person", "Can export everything known of a person"),
            ("erase_person", "Can erase a person"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone


class ProfileField(models.Model):
    """A field that staff defined, such as Grade. Messages insert it as {key}; the key never changes."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        CHOICE = "choice", "Choice"
        YES_NO = "yes_no", "Yes or no"

    key = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(KEY, "Use lowercase letters, digits and underscores, and begin with a letter.")],
        error_messages={"unique": "Another field has this key."},
    )
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    choices = models.JSONField(default=list, blank=True, help_text="The values of a choice, in order.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "profile_fields"
        ordering = ["label", "pk"]
        verbose_name = "field"

    def __str__(self) -> str:
        return self.label


class ProfileValue(models.Model):
    """What a field says of one phone.

    `value` is canonical (see `contacts.profile_values`): a number without trailing zeros, a date as 2026-12-31, "Yes"
    or "No". `folded` is for comparing text without regard to case. `number` is set if the value is one, in whatever
    field.
    """

    field = models.ForeignKey(ProfileField, models.CASCADE, related_name="values")
    phone = PhoneField()
    value = models.CharField(max_length=500)
    folded = models.CharField(max_length=500)
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "profile_values"
        constraints = [models.UniqueConstraint(fields=["phone", "field"], name="unique_value_phone_field")]
        indexes = [
            models.Index(fields=["field", "folded", "phone"], name="ix_profile_values_folded"),
            models.Index(fields=["field", "number", "phone"], name="ix_profile_values_number"),
        ]

    def __str__(self) -> str:
        return self.value
