from typing import Any

from django.contrib.auth.views import PasswordChangeView

from .forms import OwnPasswordForm


class OwnPasswordView(PasswordChangeView):
    """Django's view for changing one's own password, with our form, which counts wrong guesses of the old one."""

    form_class = OwnPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}
