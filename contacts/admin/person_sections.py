"""What this app shows on the page of a person: their lists, details, and consent history."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.admin import site
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format

from contacts import profile_values
from contacts.known_people import Person
from contacts.models import CommunityMember, ConsentRecord, EventRegistration, GroupMember, Profile, ProfileField
from contacts.models.opt_outs import UnsubscribedContact

from .consent import how_labels
from .person_additions import Section, section

MOST_LISTED: Final = 20
MOST_RECORDS: Final = 25


@dataclass(frozen=True, slots=True)
class OnList:
    """The person's entry on a list: `address` is that of the list or "", `entry` that of the form for it or ""."""

    label: str
    address: str
    entry: str
    entry_label: str
    name: str
    since: Any


@section
def lists(request: HttpRequest, person: Person) -> Section:
    """The community, events and groups that the person is in, as far as the user may see them."""
    found: list[OnList] = []
    has_more = False
    if _may(request, "view", CommunityMember):
        for member in CommunityMember.objects.filter(phone=person.phone):
            address = reverse("admin:contacts_communitymember_changelist")
            found.append(_on_list(request, person, member, "Community", address))
    if _may(request, "view", GroupMember):
        members = GroupMember.objects.filter(phone=person.phone).select_related("group").order_by("-pk")
        rows: list[Any] = list(members[: MOST_LISTED + 1])
        has_more |= len(rows) > MOST_LISTED
        found += [_on_list(request, person, row, row.group.name, _page(row.group)) for row in rows[:MOST_LISTED]]
    if _may(request, "view", EventRegistration):
        registered = EventRegistration.objects.filter(phone=person.phone).select_related("event").order_by("-pk")
        rows = list(registered[: MOST_LISTED + 1])
        has_more |= len(rows) > MOST_LISTED
        found += [_on_list(request, person, row, str(row.event), _page(row.event)) for row in rows[:MOST_LISTED]]
    context = {"lists": found, "has_more": has_more, "most": MOST_LISTED}
    return Section("lists", "Lists", "contacts/person_lists.html", context, place=20, is_beside=True)


def _on_list(request: HttpRequest, person: Person, row: Any, label: str, address: str) -> OnList:
    is_editable = any(_may(request, verb, type(row)) for verb in ("change", "delete"))
    entry = _page(row) if is_editable else ""
    name = row.name if row.name and row.name != person.name else ""
    return OnList(label, address, entry, f"Edit entry: {label}", name, row.created_at)


@section
def details(request: HttpRequest, person: Person) -> Section:
    """What the profile says: time zone, language, notes, and the fields that staff have defined."""
    profile = Profile.objects.filter(phone=person.phone).first() or Profile(phone=person.phone)
    values = profile_values.values_of([person.phone]).get(person.phone, {})
    rows = [("Time zone", profile.time_zone.replace("_", " ") or "By number"), ("Language", profile.language)]
    rows += [(field.label, shown_value(field, values.get(field.key, ""))) for field in ProfileField.objects.all()]
    context = {"rows": rows, "notes": profile.notes}
    return Section("details", "Details", "contacts/person_details.html", context, place=10, is_beside=True)


def shown_value(field: ProfileField, value: str) -> str:
    """The value as staff read it: a date in words."""
    day = profile_values.read_date(value) if field.kind == ProfileField.Kind.DATE and value else None
    return date_format(day, "DATE_FORMAT") if day else value


@section
def consent(request: HttpRequest, person: Person) -> Section:
    """The latest opt-outs and opt-ins. Words that others wrote about the person are for who may see the history."""
    records: list[Any] = list(ConsentRecord.objects.filter(phone=person.phone).order_by("-pk")[: MOST_RECORDS + 1])
    has_more = len(records) > MOST_RECORDS
    sees_all = _may(request, "view", ConsentRecord)
    labels = how_labels(record.source for record in records)
    for record in records:
        label = labels.get(record.source, record.source)
        record.how = f"{label}: {record.actor}" if record.actor else label
        record.shown_words = record.words if sees_all or record.source == UnsubscribedContact.Source.INBOUND else ""
    address = f"{reverse('admin:contacts_consentrecord_changelist')}?{urlencode({'q': person.phone})}"
    link = ("All of it", address) if sees_all and has_more else None
    context = {"records": records[:MOST_RECORDS]}
    return Section("consent", "Consent history", "contacts/person_consent.html", context, place=90, link=link)


def _may(request: HttpRequest, verb: str, model: type[Model]) -> bool:
    return request.user.has_perm(f"contacts.{verb}_{model._meta.model_name}")


def _page(row: Model) -> str:
    """The address of a row's page in the admin; "" if its model has none."""
    if not site.is_registered(type(row)):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
