"""A field for one person: typed as a number or a name, picked from suggestions, or chosen among those found."""

from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts import known_people, phones
from contacts.known_people import Person
from contacts.models import CommunityMember, EventRegistration, GroupMember

_SHORTEST: Final = 2
# A name of 100 characters, a number, and what people type between them.
_LONGEST: Final = 160


class PersonForm(forms.Form):
    """`person` is the one that is meant, once the form is valid.

    Where a name finds somebody, the form is invalid and `found` are those to choose from: the number of the chosen
    one is then posted as `phone`, together with `asked`, the text that it is the answer to.
    """

    who = forms.CharField(
        label="Name or phone number",
        max_length=_LONGEST,
        error_messages={"required": "Type a phone number, or the name of somebody on your lists."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "auto"}),
    )
    asked = forms.CharField(required=False, widget=forms.HiddenInput)
    phone = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists = searchable_lists(user)
        self.person: Person | None = None
        self.found: list[Person] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = cleaned.get("who", "")
        if not typed:
            return cleaned
        if cleaned["phone"] and typed == cleaned["asked"] and phones.E164.fullmatch(cleaned["phone"]):
            self.person = known_people.of_phone(phones.canonical(cleaned["phone"]))
            return cleaned
        try:
            self.person, self.found = known_people.resolve(typed, self.lists)
        except phones.InvalidPhone as problem:
            self.add_error("who", problem)
            return cleaned
        if self.found:
            self.add_error("who", "Choose who you mean." if len(self.found) > 1 else "Is this who you mean?")
        elif self.person is None:
            self.add_error("who", f"Nobody named “{typed}” is on your lists. Type their phone number too.")
        return cleaned


def initial_for(phone: str) -> dict[str, str]:
    """The form's initial values for a number from a link; what cannot be one is shown as it came."""
    if not phones.E164.fullmatch(phone):
        return {"who": phone[:_LONGEST]}
    label = known_people.of_phone(phone).label
    return {"who": label, "asked": label, "phone": phone}


def searchable_lists(user: Any) -> list[type[Model]]:
    """The lists of people that this user may see."""
    models: tuple[type[Model], ...] = (CommunityMember, EventRegistration, GroupMember)
    return [model for model in models if user.has_perm(f"contacts.view_{model._meta.model_name}")]


def suggest(request: HttpRequest) -> HttpResponse:
    """The people whom `q` may mean, as the options of a list; a whole number is always one of them."""
    lists = searchable_lists(request.user)
    if not lists:
        raise PermissionDenied
    typed = request.GET.get("q", "")[:_LONGEST].replace("\0", "").strip()
    found = known_people.find(typed, lists) if len(typed) >= _SHORTEST else []
    is_number = False
    try:
        person = known_people.read(typed)
    except phones.InvalidPhone:
        person = None
    if person:
        is_number = True
        found = [person]
    context = {"found": found, "is_number": is_number}
    return TemplateResponse(request, "contacts/picker_options.html", context)
