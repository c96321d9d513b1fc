"""The form field for people and lists: chips that are chosen, and what is typed to find more."""

from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from contacts import known_people, phones, profiles
from smsadmin.lib.text_lookup import fold

from . import chips, recipient_search
from .chips import Chip


class ChipsInput(forms.Widget):
    """The values of one name, and the text beside them: `to` and `to_who`. Blank values don't count."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[list[str], str]:
        values = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name, [])
        return [value for value in values if value], str(data.get(f"{name}_who") or "").strip()


class ChipsField(forms.Field):
    """Cleans to a list of chips. A number that was typed counts, as does the whole name of one list or person.

    `chosen` are the chips to show. Where the text says less, it is kept as `typed`, and `found` are those to choose
    from.
    """

    widget = ChipsInput

    def __init__(self, *, adds: str, **options: Any) -> None:
        """`adds` is what the text field is for."""
        super().__init__(**options)
        self.adds = adds
        self.user: Any = None
        self.chosen: list[Chip] = []
        self.found: list[Chip] = []
        self.typed = ""

    def clean(self, value: tuple[list[str], str]) -> list[Chip]:
        values, self.typed = value
        self.chosen = chips.read(values)
        if self.typed:
            self.chosen += [chip for chip in [self._resolve()] if chip not in self.chosen]
            self.typed = ""
        if lost := next((chip for chip in self.chosen if chip.is_lost), None):
            raise forms.ValidationError(f"“{lost.label}” no longer exists. Remove it.")
        if self.required and not self.chosen:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        # People who are on no list are found by their profile.
        profiles.ensure(str(chip.key) for chip in self.chosen if chip.kind == "person")
        return self.chosen

    def _resolve(self) -> Chip:
        self.found = recipient_search.find(self.typed, self.user)
        named = [chip for chip in self.found if fold(chip.label) == fold(self.typed)]
        if len(named) == 1 or (len(self.found) == 1 and recipient_search.is_number(self.typed)):
            self.found, (chip,) = [], named or self.found
            return chip
        if self.found:
            raise forms.ValidationError(f"Choose who you mean by “{self.typed}”.")
        try:
            known_people.read(self.typed)
        except phones.InvalidPhone as problem:
            raise forms.ValidationError(problem.messages) from None
        raise forms.ValidationError(f"Nothing on your lists is called “{self.typed}”. Type a name or a phone number.")
