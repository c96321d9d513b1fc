"""The two forms of an import: the upload, and how its file is read."""

from typing import Any, Final

from django import forms

from contacts.imports import field_columns
from contacts.imports.columns import MAX_COLUMNS, Role
from contacts.imports.formats import ENCODINGS, SEPARATORS
from contacts.imports.lifecycle import MAX_BYTES, too_large
from contacts.models import ContactImport, ProfileField

NEW: Final = "new"
_FIELD: Final = "field:"
_MANY_UNUSED: Final = 6
_ENDINGS: Final = ".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods,.vcf,.vcard,.htm,.html"


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        max_length=255,
        allow_empty_file=True,  # the reader explains what is wrong with it
        widget=forms.FileInput(attrs={"accept": _ENDINGS, "data-limit": MAX_BYTES}),
        error_messages={
            "required": "Choose a file to import.",
            "invalid": "The upload was interrupted. Try again.",
        },
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if problem := too_large(file.size, file.name):
            raise forms.ValidationError(problem)
        return file


class ReadingForm(forms.Form):
    """How the file is read, as detected or chosen before; `adjustments()` is how to read it next.

    A column is used as a role of the import, or kept as a field: `field:KEY`, or NEW for one made from its heading,
    which only those who define fields are offered.
    """

    def __init__(self, contact_import: ContactImport, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.may_define = user.has_perm("contacts.add_profilefield")
        self.profile_fields = {field.key: field.label for field in ProfileField.objects.all()}
        self.contact_import = contact_import
        self.detected: dict[str, Any] = contact_import.detected
        if self.detected["kind"] == "text":
            self._offer("encoding", "Encoding", ENCODINGS.items())
            self._offer("separator", "Separator", SEPARATORS.items())
        elif self.detected["kind"] == "vcard":
            self._offer("encoding", "Encoding", ENCODINGS.items())
        elif len(self.detected["sheets"]) > 1:
            self._offer("sheet", "Sheet", [(name, name) for name in self.detected["sheets"]])
        if self.detected["kind"] != "vcard":
            headings = [(0, "No headings: the first row is a person")]
            headings += [(number, f"Row {number}: {text}") for number, text in self.detected["first_lines"]]
            self._offer("header_line", "Headings", headings, coerce=int)
        self.kept = {field["position"]: field for field in self.detected.get("fields", [])}
        for index, role in enumerate(self.detected["roles"][:MAX_COLUMNS]):
            self._offer(f"role_{index}", self._column_name(index), self._uses(index), initial=self._use(index, role))

    def _offer(self, name: str, label: str, choices: Any, coerce: Any = str, initial: Any = None) -> None:
        self.fields[name] = forms.TypedChoiceField(
            label=label,
            choices=list(choices),
            coerce=coerce,
            initial=self.detected[name] if initial is None else initial,
        )

    def _uses(self, index: int) -> list[tuple[str, Any]]:
        """What a column can be used as."""
        uses: list[tuple[str, Any]] = list(Role.choices)
        fields = [(f"{_FIELD}{key}", label) for key, label in self.profile_fields.items()]
        if self.may_define or self._is_new(index):
            fields.append((NEW, f"New field “{field_columns.label_of(self._heading(index), index)}”"))
        return [*uses, ("Keep as a field", fields)] if fields else uses

    def _use(self, index: int, role: str) -> str:
        if index not in self.kept:
            return role
        return NEW if self._is_new(index) else f"{_FIELD}{self.kept[index]['key']}"

    def _is_new(self, index: int) -> bool:
        return index in self.kept and self.kept[index]["id"] is None

    def _heading(self, index: int) -> str:
        return str(self.detected["columns"][index]["heading"])

    def _column_name(self, index: int) -> str:
        return self._heading(index) or f"Column {index + 1}"

    def settings(self) -> list[forms.BoundField]:
        """The fields that say how the file is split into lines and cells."""
        return [self[name] for name in self.fields if not name.startswith("role_")]

    def columns(self) -> list[dict[str, Any]]:
        """For each column: its field, its examples, and whether it is imported and has anything to show."""
        columns = []
        for index, column in enumerate(self.detected["columns"]):
            role = self.detected["roles"][index]
            is_used = index in self.kept or (role != Role.IGNORED and (column["examples"] or role == Role.PHONE))
            columns.append({"field": self[f"role_{index}"], "examples": column["examples"], "is_used": is_used})
        return columns

    def folded(self) -> int:
        """How many columns the page folds away: the unused ones, if there are many."""
        unused = sum(not column["is_used"] for column in self.columns())
        return unused if unused > _MANY_UNUSED else 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        roles = self._roles(cleaned)
        if not self._changed(cleaned) and not {Role.PHONE, Role.OTHER_PHONE} & set(roles):
            raise forms.ValidationError("Choose the column that has the phone numbers.")
        return cleaned

    def adjustments(self) -> dict[str, Any]:
        """What staff have chosen, now and before, instead of what was detected.

        The meaning of the columns is detected again if the file is split into different columns.
        """
        chosen = dict(self.contact_import.adjustments)
        changed = self._changed(self.cleaned_data)
        if changed & {"separator", "sheet"}:
            for name in ("roles", "header_line", "fields"):
                chosen.pop(name, None)
        chosen |= {name: self.cleaned_data[name] for name in changed}
        roles = self._roles(self.cleaned_data)
        if roles != self.detected["roles"] and not changed & {"separator", "sheet"}:
            chosen["roles"] = roles
        fields = self._fields(self.cleaned_data)
        if not changed & {"separator", "sheet"} and fields != self._fields(self._detected_uses()):
            chosen.pop("named_fields", None)
            chosen["fields"] = fields
        return chosen

    def _changed(self, cleaned: dict[str, Any]) -> set[str]:
        return {
            name
            for name in ("encoding", "separator", "sheet", "header_line")
            if name in cleaned and cleaned[name] != self.detected[name]
        }

    def _roles(self, cleaned: dict[str, Any]) -> list[str]:
        """The roles; of columns that are kept as fields, none, unless it was chosen so at the prompt."""
        uses = [cleaned.get(f"role_{index}", Role.IGNORED) for index in range(len(self.detected["roles"]))]
        return [use if use in Role.values else self._role_beside_field(i) for i, use in enumerate(uses)]

    def _role_beside_field(self, index: int) -> str:
        return str(self.detected["roles"][index]) if index in self.kept else Role.IGNORED

    def _detected_uses(self) -> dict[str, Any]:
        return {f"role_{index}": self._use(index, role) for index, role in enumerate(self.detected["roles"])}

    def _fields(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """The columns that are kept as fields, as the adjustment "fields". No field is kept from two columns."""
        chosen: dict[str, str] = {}
        for index in range(len(self.detected["roles"])):
            use = cleaned.get(f"role_{index}", Role.IGNORED)
            key = use.removeprefix(_FIELD)
            if use == NEW or (use != key and key not in chosen.values()):
                chosen[str(index)] = "" if use == NEW else key
        return chosen
