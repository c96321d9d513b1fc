"""Forms that ask for a password."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import authenticate
from django.contrib.auth import forms as auth_forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from . import login_limits
from .addresses import client_ip
from .last_admin import check_admin_remains
from .models import AppUser
from .passwords import save_password
from .roles import Role


def explain_lock(request: HttpRequest | None, username: str) -> ValidationError | None:
    """The message saying until when logins from there, or for that name, are locked; None if they aren't."""
    until = login_limits.find_lock(client_ip(request) if request else "", username)
    return ValidationError(login_limits.explain(until), code="locked") if until else None


class LoginForm(AdminAuthenticationForm):
    """The admin's login form, but it says when to try again while logins are locked."""

    def get_invalid_login_error(self) -> ValidationError:
        lock = explain_lock(self.request, self.cleaned_data["username"])
        return lock or super().get_invalid_login_error()


class OwnPasswordForm(AdminPasswordChangeForm):
    """For one's own password. The old one counts as a login, so nobody can guess it in an open session."""

    user: AppUser

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.username, password=old) is None:
            lock = explain_lock(self.request, self.user.username)
            raise lock or ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old

    def save(self, commit: bool = True) -> AppUser:
        return save_password(self.user, self.cleaned_data["new_password1"], must_change=False)


class PasswordForm(auth_forms.AdminPasswordChangeForm):
    """For someone else's password, without Django's option to disable password login: there is no other."""

    user: AppUser

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> AppUser:
        return save_password(self.user, self.cleaned_data["password1"], must_change=True)


class UserForm(auth_forms.UserChangeForm):
    """A user as admins edit them. Use it in a transaction: it locks the admins until the end."""

    instance: AppUser

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        stays = {"role": self.instance.role, "is_active": self.instance.is_active, **cleaned}
        if stays["role"] != Role.ADMIN or not stays["is_active"]:
            check_admin_remains([self.instance.pk])
        return cleaned
