"""The compose form: a message, its audience, and its draft."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms

from ..models import Draft
from ..text.encoding import MAX_CHARACTERS
from ..text.personalization import OPT_OUT_LINE, takes_replies, tidy
from . import chips, drafts, preview
from .chips import Chip
from .chips_field import ChipsField

# Far more than can be sent, but still fast to measure for a large audience.
MAX_TYPED: Final = 10_000
WRITTEN: Final = (
    *("message_body", "has_opt_out_line", "target", "event_id", "definition"),
    "leaves_out_incomplete",
)


class ComposeForm(forms.Form):
    """The compose page's form. It fills `draft`, an existing one or a new one.

    A valid form can be reviewed; only the review page checks whether the audience is empty. `preview` is set after
    validation, even for an invalid form.
    """

    to = ChipsField(
        label="To",
        adds="Add a group, event, audience or person",
        error_messages={"required": "Choose who gets the message."},
    )
    minus = ChipsField(label="But not to", adds="Leave out a group, event, audience or person", required=False)
    message_body = forms.CharField(
        label="Message",
        required=False,
        strip=False,
        max_length=MAX_TYPED,
        error_messages={
            "max_length": f"The message has %(show_value)d characters. The limit is {MAX_CHARACTERS:,}.",
        },
        widget=forms.Textarea(attrs={"rows": 5, "aria-describedby": "message-help", "dir": "auto"}),
    )
    has_opt_out_line = forms.BooleanField(label=f"Add “{OPT_OUT_LINE}”", required=False)

    def __init__(self, data: Any = None, *, draft: Draft, user: Any) -> None:
        """`user` is who looks for people."""
        super().__init__(
            data, initial={"message_body": draft.message_body, "has_opt_out_line": draft.has_opt_out_line}
        )
        self.draft = draft
        self.preview: preview.Preview | None = None
        if drafts.has_fixed_audience(draft):
            del self.fields["to"], self.fields["minus"]
        else:
            for name, chosen in zip(("to", "minus"), chips.of_draft(draft), strict=True):
                field: Any = self.fields[name]
                field.user, field.chosen = user, chosen
        if not takes_replies():
            del self.fields["has_opt_out_line"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._fill_draft(cleaned)
        if not self.errors.keys() & {"to", "minus", "message_body"}:
            self.preview = preview.preview_draft(self.draft)
            for problem in self.preview.problems:
                name = "to" if problem.field == "definition" else problem.field
                if name in self.fields:
                    self.add_error(name, problem.sentence)
        return cleaned

    def _fill_draft(self, cleaned: dict[str, Any]) -> None:
        words = tidy(cleaned.get("message_body") or "")
        if words != self.draft.message_body:
            # Other words may have other fields, and staff decide about these.
            self.draft.leaves_out_incomplete = False
        self.draft.message_body = words
        self.draft.has_opt_out_line = cleaned.get("has_opt_out_line", False)
        if {"to", "minus"} <= cleaned.keys():
            chips.choose(self.draft, cleaned["to"], cleaned["minus"])
        elif self.has_error("to", "required"):
            chips.choose(self.draft, [])

    @property
    def has_several(self) -> bool:
        """Whether more than one list or person is chosen."""
        fields: list[Any] = [self.fields[name] for name in ("to", "minus") if name in self.fields]
        return sum(len(field.chosen) for field in fields) > 1

    def save(self) -> Draft:
        """Save the draft: only one, however often the form is posted."""
        draft, _ = Draft.objects.update_or_create(
            token=self.draft.token,
            created_by=self.draft.created_by,
            defaults={name: getattr(self.draft, name) for name in WRITTEN},
        )
        return draft

    def keep(self) -> bool:
        """Save what is typed so far, even if it can't be sent yet. Returns whether it is saved.

        A new draft without words isn't, nor is a text that is far too long. What hasn't changed isn't written again,
        so that a review page that is open stays valid.
        """
        self.is_valid()
        is_new = self.draft.pk is None
        if self.has_error("message_body", "max_length") or (is_new and not self.draft.message_body):
            return False
        stored = Draft.objects.filter(token=self.draft.token).values(*WRITTEN).first()
        if stored != {name: getattr(self.draft, name) for name in WRITTEN}:
            self.save()
        return True


def new_draft(user: Any, to: Sequence[Chip] = (chips.COMMUNITY,), token: uuid.UUID | None = None) -> Draft:
    """An unsaved draft to these."""
    draft = Draft(token=token or uuid.uuid4(), created_by=user)
    chips.choose(draft, to)
    return draft
