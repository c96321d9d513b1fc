"""The community: the people texted by blasts to everyone in it."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ..fields import LastFour, PhoneField
from .opt_outs import UnsubscribedContact, unsubscribed
from .suppression import SuppressedContact, suppressed


class PersonQuerySet(models.QuerySet):
    """Rows with a `phone`: members and registrations."""

    def textable(self) -> Self:
        """Those who have neither opted out nor been suppressed."""
        return self.filter(~unsubscribed(), ~suppressed())

    def opted_out(self, newest: int | None = None) -> Self:
        """Those who have opted out; with `newest`, only that many of the most recent."""
        return self._on(UnsubscribedContact.objects.all(), newest)

    def suppressed(self, newest: int | None = None) -> Self:
        """Those whose number is unreachable; with `newest`, only that many of the most recent."""
        return self._on(SuppressedContact.objects.blocking(), newest)

    def _on(self, blocked: models.QuerySet, newest: int | None) -> Self:
        # From the small list into the large one, so that the number of members makes no difference.
        phones = blocked.values("phone")
        if newest is not None:
            is_here = Exists(self.order_by().filter(phone=OuterRef("phone")))
            phones = phones.filter(is_here).order_by("-pk")[:newest]
        return self.filter(phone__in=phones)


class CommunityMember(models.Model):
    """A person texted by blasts to the community."""

    name = models.CharField(max_length=100, null=True, blank=True)
    phone = PhoneField(unique=True, error_messages={"unique": "This number is already in the community."})
    created_at = models.DateTimeField("added", default=timezone.now, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        db_table = "community_members"
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [
            models.Index(LastFour("phone"), name="ix_members_last_four"),
            models.Index(fields=["created_at"], name="ix_members_created"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone
