"""What staff type about a conversation: a reply, and a name."""

from django import forms

from ..composing.forms import MAX_TYPED
from ..models import InboxThread
from ..text.encoding import MAX_CHARACTERS


class ReplyForm(forms.Form):
    """A reply. The token makes a form that is posted twice one text. `replies` checks what can be sent."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(
        label="Reply",
        max_length=MAX_TYPED,
        error_messages={
            "required": "Write something first.",
            "max_length": "The reply has %(show_value)d characters. "
            f"A text message holds at most {MAX_CHARACTERS:,}: shorten it.",
        },
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "placeholder": "Write a reply"}),
    )

    @property
    def problem(self) -> str:
        """The first thing to mend, as a sentence; "" if there is none."""
        if "body" in self.errors:
            return str(self.errors["body"][0])
        if "token" in self.errors:
            return "The form has lost its number. Load the page again, then send."
        return ""


class NameForm(forms.Form):
    """What staff call a person; left empty, the name from our lists is shown again."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=InboxThread._meta.get_field("contact_name").max_length,
        error_messages={
            "max_length": "The name has %(show_value)d characters. At most %(limit_value)d are possible: shorten it."
        },
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
