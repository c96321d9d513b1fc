"""The forms on the page of a person: what is known of them, and which list to add them to."""

import zoneinfo
from functools import cache
from typing import Any, Final

from django import forms

from contacts import profile_values, profiles
from contacts.known_people import LONGEST_NAME, Person
from contacts.models import CommunityMember, Event, EventRegistration, Group, GroupMember, Profile, ProfileField
from smsadmin.lib.ids import read_key

# The latest events; others are found on the events' own pages.
MOST_EVENTS: Final = 50
MOST_GROUPS: Final = 200
_FIELD: Final = "field_"


class PersonEditForm(forms.Form):
    """The profile and the fields of one phone. `changes` is what was changed, once the form is valid."""

    name = forms.CharField(max_length=LONGEST_NAME, required=False, help_text="On all lists that they are on.")
    time_zone = forms.ChoiceField(required=False, help_text="For texts that are sent at their own local time.")
    language = forms.CharField(max_length=50, required=False)
    notes = forms.CharField(
        max_length=5_000, required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text="Only staff see them."
    )

    def __init__(self, person: Person, data: Any = None, *, may_rename: bool) -> None:
        self.fields_of_staff = list(ProfileField.objects.all())
        profile = Profile.objects.filter(phone=person.phone).first() or Profile(phone=person.phone)
        values = profile_values.values_of([person.phone]).get(person.phone, {})
        initial = {name: getattr(profile, name) for name in profiles.DETAILS} | {"name": person.name}
        initial |= {_FIELD + field.key: values.get(field.key, "") for field in self.fields_of_staff}
        super().__init__(data, initial=initial)
        zones: Any = self.fields["time_zone"]
        zones.choices = zone_choices(profile.time_zone)
        for field in self.fields_of_staff:
            self.fields[_FIELD + field.key] = form_field(field, initial[_FIELD + field.key])
        if not may_rename:
            del self.fields["name"]
        for name in ("name", "notes"):
            if name in self.fields:
                self.fields[name].widget.attrs["dir"] = "auto"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for field in self.fields_of_staff:
            try:
                profile_values.canonical(field, cleaned.get(_FIELD + field.key, ""))
            except profile_values.BadValue as problem:
                self.add_error(_FIELD + field.key, str(problem))
        if "name" in cleaned:
            cleaned["name"] = " ".join(cleaned["name"].split())
        return cleaned

    @property
    def changes(self) -> profiles.Changes:
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        return profiles.Changes(
            name=changed.get("name"),
            details={name: changed[name] for name in profiles.DETAILS if name in changed},
            values={field: changed[key] for field in self.fields_of_staff if (key := _FIELD + field.key) in changed},
        )


def form_field(field: ProfileField, value: str) -> forms.Field:
    """The form's field for a field of staff, of its kind."""
    label, kind = field.label, ProfileField.Kind(field.kind)
    if kind in (ProfileField.Kind.CHOICE, ProfileField.Kind.YES_NO):
        named = [str(choice) for choice in field.choices] if kind is ProfileField.Kind.CHOICE else ["Yes", "No"]
        if value and value not in named:
            named.append(value)
        return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *((one, one) for one in named)])
    attrs: dict[str, Any] = {"dir": "auto"}
    if kind is ProfileField.Kind.NUMBER:
        attrs = {"inputmode": "decimal"}
    if kind is ProfileField.Kind.DATE:
        attrs = {"placeholder": "12/31/2026"}
    return forms.CharField(
        label=label, required=False, max_length=profile_values.LONGEST, widget=forms.TextInput(attrs=attrs)
    )


@cache
def _zones() -> tuple[str, ...]:
    found = zoneinfo.available_timezones()
    return ("UTC", *sorted(zone for zone in found if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))))


def zone_choices(current: str) -> list[tuple[str, str]]:
    """By number, or any place; the one that is set is kept even where this machine doesn't know it."""
    known = _zones()
    extra = [current] if current and current not in known else []
    return [("", "By number"), *((zone, zone.replace("_", " ")) for zone in (*extra, *known))]


class AddForm(forms.Form):
    """Which list to add a person to: those that the user may add to, without those that the person is on."""

    to = forms.ChoiceField(label="Add to", error_messages={"invalid_choice": "Choose a list."})

    def __init__(self, user: Any, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["to"]
        field.choices = [("", "Choose a list"), *list_choices(user, person)]

    @property
    def has_lists(self) -> bool:
        return len(self["to"].field.choices) > 1  # type: ignore[attr-defined]

    def make(self, person: Person) -> tuple[Any, bool]:
        """The person's entry on the chosen list, and whether it is new."""
        kind, _, key = self.cleaned_data["to"].partition("-")
        name = {"name": person.name or None}
        match kind:
            case "event":
                entries: Any = EventRegistration.objects
                return entries.get_or_create(event_id=read_key(key), phone=person.phone, defaults=name)
            case "group":
                entries = GroupMember.objects
                return entries.get_or_create(group_id=read_key(key), phone=person.phone, defaults=name)
        return CommunityMember.objects.get_or_create(phone=person.phone, defaults=name)


def list_choices(user: Any, person: Person) -> list[Any]:
    """The choices of AddForm: the community, groups by name, and the latest events."""
    found: list[Any] = []
    is_member = CommunityMember.objects.filter(phone=person.phone).exists()
    if not is_member and user.has_perm("contacts.add_communitymember"):
        found.append(("community", "Community"))
    if user.has_perm("contacts.add_groupmember"):
        groups = Group.objects.exclude(members__phone=person.phone).order_by("name")[:MOST_GROUPS]
        found.append(("Groups", [(f"group-{group.pk}", group.name) for group in groups]))
    if user.has_perm("contacts.add_eventregistration"):
        events = Event.objects.exclude(registrations__phone=person.phone).order_by("-pk")[:MOST_EVENTS]
        found.append(("Events", [(f"event-{event.pk}", str(event)) for event in events]))
    return [choice for choice in found if choice[1]]
