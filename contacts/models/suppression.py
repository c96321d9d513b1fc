"""Unreachable numbers, and why a number is skipped."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from ..fields import PhoneField
from .opt_outs import unsubscribed


class SuppressedQuerySet(models.QuerySet):
    def blocking(self) -> Self:
        """The numbers that blasts skip. A soft failure is recorded but does not block (schema of record)."""
        return self.exclude(category=SuppressedContact.Category.SOFT_FAIL)


class SuppressedContact(models.Model):
    """An unreachable number: blasts skip it until staff allow texts again."""

    class Category(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        HARD_FAIL = "hard_fail", "Unreachable"
        SOFT_FAIL = "soft_fail", "Temporary failure (still texted)"

    phone = PhoneField(unique=True, error_messages={"unique": "This number is already listed as unreachable."})
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
    created_at = models.DateTimeField("unreachable since", default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SuppressedQuerySet.as_manager()

    class Meta:
        db_table = "suppressed_contacts"
        verbose_name = "unreachable number"

    def __str__(self) -> str:
        return self.phone


class LiftedSuppression(models.Model):
    """When staff last removed a number from the suppressed ones: errors from before then don't put it back."""

    phone = models.CharField(max_length=20, unique=True)
    lifted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "lifted_suppressions"

    def __str__(self) -> str:
        return self.phone


def suppressed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone is suppressed."""
    return Exists(SuppressedContact.objects.blocking().filter(phone=OuterRef(phone)))


def wants_no_texts(phone: str = "phone") -> Q:
    """Whether the outer row's phone has opted out, by its own text or according to an old list: the condition of
    `opting_out.opted_out_since`."""
    listed = SuppressedContact.objects.filter(phone=OuterRef(phone), category=SuppressedContact.Category.OPT_OUT)
    return Q(unsubscribed(phone)) | Q(Exists(listed))


def blocked_by(phone: str = "phone", others: Iterable[When] = ()) -> Case:
    """Why the outer row's phone is skipped: "opted_out", "suppressed", one of `others`, or "" (it can be texted)."""
    return Case(
        When(unsubscribed(phone), then=Value("opted_out")),
        When(suppressed(phone), then=Value("suppressed")),
        *others,
        default=Value(""),
        output_field=models.CharField(),
    )
