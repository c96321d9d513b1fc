"""Groups that staff make: a choir, a class, the drivers."""

from typing import Self

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from ..fields import LastFour, PhoneField
from .members import PersonQuerySet


class GroupQuerySet(models.QuerySet):
    def named(self, name: str) -> Self:
        """The group of this name, whatever its case."""
        return self.filter(name__iexact=" ".join(name.split()))


class Group(models.Model):
    """People who are texted together. A list of its own: being in the community or at an event is something else."""

    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GroupQuerySet.as_manager()

    class Meta:
        db_table = "groups"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="unique_group_name",
                violation_error_message="There is already a group of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A person in one group."""

    class Source(models.TextChoices):
        MANUAL = "manual", "Added by staff"
        IMPORT = "import", "Imported"

    group = models.ForeignKey(Group, models.CASCADE, related_name="members")
    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField()
    source = models.CharField(max_length=20, choices=Source, default=Source.MANUAL, editable=False)
    created_at = models.DateTimeField("added", default=timezone.now, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        db_table = "group_members"
        constraints = [
            models.UniqueConstraint(
                fields=["group", "phone"],
                name="unique_group_phone",
                violation_error_message="This number is already in the group.",
            )
        ]
        indexes = [
            models.Index(fields=["phone"], name="ix_group_members_phone"),
            models.Index(LastFour("phone"), name="ix_group_members_last_four"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone
