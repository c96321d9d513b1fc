"""Which people: the querysets of the contact models."""

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Value, When


class SuppressedQuerySet(models.QuerySet):
    def blocking(self) -> Self:
        """Those whom blasts skip. A soft failure is recorded but does not block (schema of record)."""
        return self.exclude(category="soft_fail")


def unsubscribed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone has opted out."""
    model: Any = apps.get_model("contacts", "UnsubscribedContact")
    return Exists(model.objects.filter(phone=OuterRef(phone)))


def suppressed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone is on the list of numbers that cannot be reached."""
    model: Any = apps.get_model("contacts", "SuppressedContact")
    return Exists(model.objects.blocking().filter(phone=OuterRef(phone)))


def blocked_by(phone: str = "phone") -> Case:
    """Why the outer row's phone is skipped: "opted_out", "suppressed" or "" (it can be texted)."""
    return Case(
        When(unsubscribed(phone), then=Value("opted_out")),
        When(suppressed(phone), then=Value("suppressed")),
        default=Value(""),
        output_field=models.CharField(),
    )


class PersonQuerySet(models.QuerySet):
    """Rows with a `phone`: members and registrations."""

    def textable(self) -> Self:
        """Those who have neither opted out nor been suppressed."""
        return self.filter(~unsubscribed(), ~suppressed())

    def with_blocked_by(self) -> Self:
        """Each row with `blocked_by`: "opted_out", "suppressed" or ""."""
        return self.annotate(blocked_by=blocked_by())


class EventQuerySet(models.QuerySet):
    def with_counts(self) -> Self:
        """Each event with `registration_count`."""
        return self.annotate(registration_count=Count("registrations"))
