"""What the lists of people keep of a phone (see `contacts.person_records`)."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Model

from .models import (
    CommunityMember,
    ConsentRecord,
    ContactImport,
    EventRegistration,
    GroupMember,
    ImportChange,
    ImportRow,
    LiftedSuppression,
    Profile,
    ProfileValue,
    SuppressedContact,
    UnsubscribedContact,
)
from .person_records import CannotErase, Keeper, Table, delete, redact_log, redact_log_of, table

# Deleted when a person is erased.
_DELETED: Final[tuple[type[Model], ...]] = (
    ProfileValue,
    Profile,
    GroupMember,
    EventRegistration,
    CommunityMember,
    LiftedSuppression,
)
# Kept: that the number isn't to be texted.
_KEPT: Final[tuple[type[Model], ...]] = (UnsubscribedContact, SuppressedContact, ConsentRecord)
# Typed by staff, not reported by a carrier.
_MANUAL: Final = "manual"


class ListsKeeper(Keeper):
    def knows(self, phone: str) -> bool:
        return any(model._default_manager.filter(phone=phone).exists() for model in (*_DELETED, *_KEPT))

    def tables(self, phone: str) -> Iterator[Table]:
        members = CommunityMember.objects.filter(phone=phone)
        yield table("community", members, Name="name", Phone="phone", Added="created_at")
        registrations = EventRegistration.objects.filter(phone=phone)
        yield table(
            "registrations",
            registrations,
            Event="event__title",
            Date="event__date",
            Name="name",
            Registered="created_at",
        )
        groups = GroupMember.objects.filter(phone=phone)
        yield table("groups", groups, Group="group__name", Name="name", Source="source", Added="created_at")
        profiles = Profile.objects.filter(phone=phone)
        yield table(
            "profile",
            profiles,
            Name="name",
            Time_zone="time_zone",
            Language="language",
            Notes="notes",
            Changed="updated_at",
        )
        values = ProfileValue.objects.filter(phone=phone)
        yield table("fields", values, Field="field__label", Value="value", Changed="updated_at")
        opt_outs = UnsubscribedContact.objects.filter(phone=phone)
        yield table("opt-outs", opt_outs, Name="name", Reason="reason", Source="source", Opted_out="created_at")
        unreachable = SuppressedContact.objects.filter(phone=phone)
        yield table("unreachable", unreachable, Category="category", Reason="reason", Since="created_at")
        consent = ConsentRecord.objects.filter(phone=phone)
        yield table(
            "consent-history",
            consent,
            When="created_at",
            Kind="kind",
            Source="source",
            Words="words",
            SID="message_sid",
        )

    def check(self, phone: str) -> None:
        unfinished = ImportRow.objects.filter(phone=phone).exclude(
            contact_import__status=ContactImport.Status.APPLIED
        )
        for row in unfinished.select_related("contact_import")[:1]:
            raise CannotErase(
                f"They’re in the import of “{row.contact_import}”, which isn’t finished. Import or discard it first."
            )

    def erase(self, phone: str) -> None:
        for model in _DELETED:
            delete(model._default_manager.filter(phone=phone))
        for model in _KEPT:
            redact_log(model, model._default_manager.filter(phone=phone).values_list("pk", flat=True))
        redact_log_of(phone, (*_DELETED, *_KEPT))
        ImportRow.objects.filter(phone=phone).delete()
        ImportChange.objects.filter(phone=phone).delete()
        UnsubscribedContact.objects.filter(phone=phone).update(name=None, reason=None)
        SuppressedContact.objects.filter(phone=phone, source_type=_MANUAL).update(reason=None)
        ConsentRecord.objects.filter(phone=phone).forget_words()
