"""The compose form: a message, its audience, and its draft."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin

from contacts.admin.choosing import SearchingSelect
from contacts.models import Event

from ..models import Draft, MessageLog, Target
from ..text.encoding import MAX_CHARACTERS
from ..text.personalization import OPT_OUT_LINE, takes_replies, tidy
from . import drafts, preview

# Far more than can be sent, but still fast to measure for a large audience.
MAX_TYPED: Final = 10_000
RECENT_EVENTS: Final = 50
WRITTEN: Final = ("message_body", "has_opt_out_line", "target", "event", "definition")


class EventSelect(SearchingSelect):
    """A searching select that offers the latest events without JavaScript."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        groups = super().optgroups(name, value, attr)
        options = groups[0][1]
        offered = {str(option["value"]) for option in options}
        for event in Event.objects.order_by("-pk")[:RECENT_EVENTS]:
            if str(event.pk) not in offered:
                options.append(self.create_option(name, event.pk, str(event), False, len(options)))
        return groups


class ComposeForm(forms.Form):
    """The compose page's form. It fills `draft`, an existing one or a new one.

    A valid form can be reviewed; only the review page checks whether the audience is empty. `preview` is set after
    validation, even for an invalid form.
    """

    audience = forms.ChoiceField(
        choices=[
            (Target.COMMUNITY.value, "Everyone in the community"),
            (Target.EVENT.value, "People registered for an event"),
        ],
        widget=forms.RadioSelect,
        label="To",
        error_messages={"required": "Choose who gets the message."},
    )
    event = forms.ModelChoiceField(
        Event.objects.all(),
        required=False,
        error_messages={"invalid_choice": "This event no longer exists. Choose another one."},
        widget=EventSelect(MessageLog._meta.get_field("event"), admin.site, attrs={"aria-label": "Event"}),
    )
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

    def __init__(self, data: Any = None, *, draft: Draft) -> None:
        initial = {
            "audience": draft.target,
            "event": draft.event,
            "message_body": draft.message_body,
            "has_opt_out_line": draft.has_opt_out_line,
        }
        super().__init__(data, initial=initial)
        self.draft = draft
        self.preview: preview.Preview | None = None
        if drafts.has_fixed_audience(draft):
            del self.fields["audience"], self.fields["event"]
        if not takes_replies():
            del self.fields["has_opt_out_line"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "audience" in self.fields and cleaned.get("audience") == Target.EVENT and not self._event_is_chosen():
            self.add_error("event", "Choose an event.")
        self._fill_draft(cleaned)
        if not self.errors.keys() & {"audience", "event", "message_body"}:
            self.preview = preview.preview_draft(self.draft)
            for problem in self.preview.problems:
                if problem.field in self.fields and problem.field != "audience":
                    self.add_error(problem.field, problem.sentence)
        return cleaned

    def _event_is_chosen(self) -> bool:
        return self.cleaned_data.get("event") is not None or "event" in self.errors

    def _fill_draft(self, cleaned: dict[str, Any]) -> None:
        self.draft.message_body = tidy(cleaned.get("message_body") or "")
        self.draft.has_opt_out_line = cleaned.get("has_opt_out_line", False)
        if "audience" in self.fields:
            self.draft.target = cleaned.get("audience") or Target.COMMUNITY
            self.draft.event = cleaned.get("event") if self.draft.target == Target.EVENT else None

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
        if stored != {name: getattr(self.draft, name if name != "event" else "event_id") for name in WRITTEN}:
            self.save()
        return True


def new_draft(user: Any, event: Event | None = None, token: uuid.UUID | None = None) -> Draft:
    """An unsaved draft."""
    return Draft(
        token=token or uuid.uuid4(),
        created_by=user,
        target=Target.EVENT if event else Target.COMMUNITY,
        event=event,
    )
