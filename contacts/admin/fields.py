"""The fields that staff define for people, such as Grade. Admins define them; others fill them in."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html

from contacts import profile_fields, profile_values
from contacts.models import ProfileField

from .people import ListAdmin

Kind = ProfileField.Kind


class FieldForm(forms.ModelForm):
    """A field. Its key is only given when it is new: messages insert the field by it."""

    choices = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        help_text="For a choice: one on each line.",
    )

    class Meta:
        model = ProfileField
        fields = ("label", "key", "kind", "choices")
        help_texts: ClassVar = {
            "key": "Texts insert the field by its key, such as {grade}. It can’t be changed later.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(map(str, self.instance.choices))
        if "label" in self.fields:
            self.fields["label"].widget.attrs["dir"] = "auto"
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].widget.attrs |= {
                "autocomplete": "off",
                "spellcheck": "false",
                "data-key-of": "id_label",
            }

    def clean_choices(self) -> list[str]:
        return profile_fields.read_choices(self.cleaned_data["choices"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        label = cleaned["label"] = " ".join(cleaned.get("label", "").split())
        if "key" in self.fields and "key" in cleaned:
            cleaned["key"] = self._key(label, cleaned["key"])
        kind, choices = cleaned.get("kind"), cleaned.get("choices", [])
        if kind == Kind.CHOICE and not choices:
            self.add_error("choices", "Give at least one choice, each on its own line.")
        if len(choices) > profile_fields.MOST_CHOICES:
            self.add_error("choices", f"A field can have {profile_fields.MOST_CHOICES} choices at most.")
        cleaned["choices"] = choices if kind == Kind.CHOICE else []
        return cleaned

    def _key(self, label: str, typed: str) -> str:
        key = typed.strip()
        if key in profile_fields.TAKEN:
            self.add_error("key", f"{{{key}}} already stands for the person’s name. Use another key.")
        if key or not label:
            return key
        return profile_fields.key_for(label, set(ProfileField.objects.values_list("key", flat=True)))

    def _post_clean(self) -> None:
        """Checks people's values once the instance has what was typed."""
        super()._post_clean()  # type: ignore[misc]
        changes = {"kind", "choices"} & set(self.changed_data)
        is_checked = self.instance.pk and changes and not self.errors
        if is_checked and (misfit := profile_fields.find_misfit(self.instance)):
            self.add_error("kind" if "kind" in changes else "choices", misfit.sentence)


@admin.register(ProfileField)
class ProfileFieldAdmin(ListAdmin):
    form = FieldForm
    list_display = ("label", "inserted_as", "kind", "shown_choices")
    fields = ("label", "key", "kind", "choices")
    ordering: ClassVar[tuple[Any, ...]] = ("label", "pk")
    actions = None
    sortable_by = ()
    empty_list = "No fields yet."
    list_purpose = (
        "Keep what you need to know of people, such as Grade or T-shirt size. Fill it in on their pages or from a "
        "spreadsheet, insert it into texts, and choose by it whom to text."
    )

    class Media:
        js: ClassVar = ["contacts/fields.js"]

    @admin.display(description="in texts")
    def inserted_as(self, field: ProfileField) -> str:
        return format_html("<code>{{{}}}</code>", field.key)

    @admin.display(description="choices")
    def shown_choices(self, field: ProfileField) -> str:
        return ", ".join(map(str, field.choices))

    def get_readonly_fields(self, request: HttpRequest, obj: ProfileField | None = None) -> Any:
        return ("key",) if obj else ()

    def save_model(self, request: HttpRequest, obj: ProfileField, form: Any, change: bool) -> None:
        profile_fields.save(obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """If somebody has typed a value since the form checked that doesn't fit, nothing is saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except profile_values.BadValue as problem:
            self.message_user(request, f"Nothing was saved: somebody has a new value. {problem}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        field = self.get_object(request, object_id)
        said = {"delete_warning": profile_fields.warning(field)} if field else {}
        return super().delete_view(request, object_id, said | (extra_context or {}))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without the count of values, which the warning has."""
        named, _, missing, protected = super().get_deleted_objects(objs, request)
        return named, {}, missing, protected
