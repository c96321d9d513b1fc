"""Forms of the conversation page: the reply and the name."""

from django import forms

from ..composing.forms import MAX_TYPED
from ..models import InboxThread
from ..text.encoding import MAX_CHARACTERS


class ReplyForm(forms.Form):
    """A reply. Because of the token, posting the form twice sends one text. `replies` checks what can be sent."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(
        label="Reply",
        max_length=MAX_TYPED,
        error_messages={
            "required": "Write something first.",
            "max_length": "The reply has %(show_value)d characters, and the limit is "
            f"{MAX_CHARACTERS:,}. Shorten it.",
        },
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "placeholder": "Write a reply"}),
    )

    @property
    def problem(self) -> str:
        """The first error as a sentence; "" if there is none."""
        if "body" in self.errors:
            return str(self.errors["body"][0])
        if "token" in self.errors:
            return "Something went wrong with this form. Reload the page, then send."
        return ""


class NameForm(forms.Form):
    """A name given by staff. If empty, the name from our lists is shown."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=InboxThread._meta.get_field("contact_name").max_length,
        error_messages={
            "max_length": "The name has %(show_value)d characters, and the limit is %(limit_value)d. Shorten it."
        },
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
