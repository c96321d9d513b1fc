"""The form for writing a survey: its own fields, plus the list of its questions."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.utils.functional import cached_property

from contacts.admin.choosing import SearchingSelect
from contacts.models import Event
from messaging.keywords import normalize, why_refused
from messaging.text.encoding import MAX_CHARACTERS, measure, normalize_newlines
from messaging.text.visibility import is_blank

from . import editing
from .conversation import opening
from .editing import Row
from .models import SurveyFlow
from .preview import Preview, preview
from .questions import UnreadableQuestions

MOST_QUESTIONS: Final = 50
# Empty rows for browsers without JavaScript.
EMPTY_ROWS: Final = 3
TOO_LONG: Final = (
    f"This is %(show_value)s characters. The limit for a text message is {MAX_CHARACTERS:,}: shorten it."
)


class TextField(forms.CharField):
    """A text to be sent, with line breaks as phones count them. If nothing in it is visible, it is empty."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(normalize_newlines(value) if isinstance(value, str) else value)
        return "" if not text or is_blank(text) else text


def _text(label: str, rows: int, **options: Any) -> TextField:
    return TextField(
        label=label,
        max_length=MAX_CHARACTERS,
        required=False,
        error_messages={"max_length": TOO_LONG},
        # The limit is validated and reported; cutting off pasted text would be worse.
        widget=_Area(attrs={"rows": rows, "dir": "auto"}),
        **options,
    )


class _Area(forms.Textarea):
    """A text area of any length: `maxlength` would silently cut off pasted text."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"].pop("maxlength", None)
        return context


class QuestionForm(forms.Form):
    """One row. An empty one is not a question."""

    prompt = _text("Question", 2)
    is_name = forms.BooleanField(label="The answer is the person’s name", required=False)
    kept = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    @property
    def kept_row(self) -> Row | None:
        """The question of an unknown type, if the row holds one."""
        value = self["kept"].value()
        return editing.read_kept(value) if isinstance(value, str) and value else None

    @property
    def row(self) -> Row | None:
        cleaned = getattr(self, "cleaned_data", {})
        if cleaned.get("kept"):
            return self.kept_row
        # A prompt that is too long isn't cleaned, but is still previewed.
        prompt = (
            cleaned["prompt"] if "prompt" in cleaned else normalize_newlines(self["prompt"].value() or "").strip()
        )
        return None if is_blank(prompt) else Row(prompt, cleaned.get("is_name", False))


class _Questions(forms.BaseFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = "Position"
        form.fields["ORDER"].widget.attrs = {"min": 1}
        form.fields["DELETE"].label = "Remove"
        if form.fields["ORDER"].initial is None and index is not None:
            form.fields["ORDER"].initial = index + 1
        # With JavaScript, rows are added when they are needed.
        form.is_spare = not self.is_bound and index is not None and index >= max(1, self.initial_form_count())

    def rows(self) -> list[Row]:
        """What the rows hold, ordered by position."""
        placed = []
        for index, form in enumerate(self.forms):
            cleaned = getattr(form, "cleaned_data", {})
            row = form.row
            if row is not None and not cleaned.get("DELETE"):
                position = cleaned.get("ORDER")
                placed.append(((position is None, position or 0, index), row))
        return [row for _, row in sorted(placed, key=lambda place: place[0])]


QuestionFormSet = forms.formset_factory(
    QuestionForm,
    formset=_Questions,
    extra=EMPTY_ROWS,
    can_order=True,
    can_delete=True,
    max_num=4 * MOST_QUESTIONS,
    absolute_max=4 * MOST_QUESTIONS,
)


class SurveyForm(forms.ModelForm):
    """A survey. `questions` is the formset of its rows; `rows` and `preview` exist after validation."""

    trigger_keyword = forms.CharField(
        label="Keyword",
        required=False,
        help_text="The word people text to start, such as JOIN. Capitalization doesn’t matter.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocapitalize": "characters", "autocomplete": "off"}),
    )
    intro_message = _text(
        "Introduction",
        3,
        help_text="Sent in one text with the first question. Say who you are and that EXIT ends the survey.",
    )
    completion_message = _text(
        "Last message", 3, help_text="Sent after the last answer. Leave empty to send nothing."
    )
    linked_event = forms.ModelChoiceField(
        Event.objects.all(),
        required=False,
        label="Linked event",
        help_text="Everyone who completes the survey is registered for this event.",
        error_messages={"invalid_choice": "This event no longer exists. Choose another one."},
        widget=SearchingSelect(SurveyFlow._meta.get_field("linked_event"), admin.site),
    )
    # Nobody types into this one: it shows the errors of the list of questions.
    questions_json = forms.Field(label="Questions", required=False, widget=forms.HiddenInput)

    class Meta:
        model = SurveyFlow
        fields = ("name", "trigger_keyword", "intro_message", "completion_message", "linked_event", "is_active")
        error_messages = {"name": {"unique": "Another survey already has this name. Choose a different one."}}
        help_texts = {
            "name": "For you and your team. People who answer never see it.",
            "is_active": "When off, the keyword won’t start the survey. Anyone taking it can finish.",
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.rows: list[Row] = []
        self.unreadable = ""
        if self.instance.pk:
            try:
                self.rows = editing.read(self.instance.questions_json)
            except UnreadableQuestions as problem:
                self.unreadable = str(problem)
        initial = [{"prompt": row.prompt, "is_name": row.is_name, "kept": row.kept} for row in self.rows]
        self.questions: Any = QuestionFormSet(data, prefix="questions", initial=initial)

    @property
    def preview(self) -> Preview:
        """The conversation: of what was posted, even with errors, else of what is saved."""
        return preview(
            normalize(str(self["trigger_keyword"].value() or "")),
            normalize_newlines(str(self["intro_message"].value() or "")).strip(),
            self.rows,
            normalize_newlines(str(self["completion_message"].value() or "")).strip(),
        )

    @property
    def has_unknown_kinds(self) -> bool:
        return any(row.kept for row in self.rows)

    def clean_trigger_keyword(self) -> str:
        keyword = normalize(self.cleaned_data["trigger_keyword"])
        if sentence := why_refused(keyword, self.instance if self.instance.pk else None):
            raise forms.ValidationError(sentence)
        return keyword

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        are_valid = self.questions.is_valid()
        self.rows = self.questions.rows()
        if not are_valid:
            self.add_error("questions_json", "One of the questions needs fixing: see below.")
        elif not self.rows:
            self.add_error("questions_json", "Add at least one question.")
        elif len(self.rows) > MOST_QUESTIONS:
            self.add_error(
                "questions_json",
                f"This survey has {len(self.rows)} questions. The limit is {MOST_QUESTIONS}: remove some.",
            )
        elif sum(row.is_name for row in self.rows) > 1:
            self.add_error("questions_json", "Only one question can ask for the person’s name.")
        else:
            self._check_opening(cleaned.get("intro_message") or "")
        cleaned["questions_json"] = editing.write(self.rows)
        return cleaned

    def _check_opening(self, intro: str) -> None:
        size = measure(opening(intro, [self.rows[0].question]))
        if intro and size.is_too_long:
            self.add_error(
                "intro_message",
                f"The introduction and first question are sent as one text, which is {size.characters:,} "
                f"characters. The limit is {MAX_CHARACTERS:,}: shorten one of them.",
            )

    def _post_clean(self) -> None:
        if "questions_json" in self.cleaned_data:
            self.instance.questions_json = self.cleaned_data["questions_json"]
        super()._post_clean()  # type: ignore[misc]

    @cached_property
    def changed_data(self) -> list[str]:
        return [*super().changed_data, *(["questions_json"] if self.questions.has_changed() else [])]
