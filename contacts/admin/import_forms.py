"""The two forms of an import: the upload, and how its file is read."""

from typing import Any, Final

from django import forms

from contacts.imports.columns import MAX_COLUMNS, Role
from contacts.imports.formats import ENCODINGS, SEPARATORS
from contacts.imports.lifecycle import MAX_BYTES, too_large
from contacts.models import ContactImport

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
    """How the file is read, as detected or chosen before; `adjustments()` is how to read it next."""

    def __init__(self, contact_import: ContactImport, data: Any = None) -> None:
        super().__init__(data)
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
        for index, role in enumerate(self.detected["roles"][:MAX_COLUMNS]):
            self._offer(f"role_{index}", self._column_name(index), Role.choices, initial=role)

    def _offer(self, name: str, label: str, choices: Any, coerce: Any = str, initial: Any = None) -> None:
        self.fields[name] = forms.TypedChoiceField(
            label=label,
            choices=list(choices),
            coerce=coerce,
            initial=self.detected[name] if initial is None else initial,
        )

    def _column_name(self, index: int) -> str:
        return self.detected["columns"][index]["heading"] or f"Column {index + 1}"

    def settings(self) -> list[forms.BoundField]:
        """The fields that say how the file is split into lines and cells."""
        return [self[name] for name in self.fields if not name.startswith("role_")]

    def columns(self) -> list[dict[str, Any]]:
        """For each column: its field, its examples, and whether it is imported and has anything to show."""
        columns = []
        for index, column in enumerate(self.detected["columns"]):
            role = self.detected["roles"][index]
            is_used = role != Role.IGNORED and (column["examples"] or role == Role.PHONE)
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
            chosen.pop("roles", None)
            chosen.pop("header_line", None)
        chosen |= {name: self.cleaned_data[name] for name in changed}
        roles = self._roles(self.cleaned_data)
        if roles != self.detected["roles"] and not changed & {"separator", "sheet"}:
            chosen["roles"] = roles
        return chosen

    def _changed(self, cleaned: dict[str, Any]) -> set[str]:
        return {
            name
            for name in ("encoding", "separator", "sheet", "header_line")
            if name in cleaned and cleaned[name] != self.detected[name]
        }

    def _roles(self, cleaned: dict[str, Any]) -> list[str]:
        return [cleaned.get(f"role_{index}", Role.IGNORED) for index in range(len(self.detected["roles"]))]
