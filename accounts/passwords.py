"""Password rules beyond Django's, and one-time passwords.

The last three passwords of a user are kept as hashes (PasswordHistory). Django notifies the validators of every new
password once it is saved, whichever form or command it came from: that is where the history is written.
"""

import secrets
from typing import Final

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import ngettext

from .events import record
from .login_limits import unlock_users
from .models import AppUser, PasswordHistory
from .security_events import Kind

# Without letters and digits that look alike: people type these from a screen or a note.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class NotUsedLatelyValidator:
    """Rejects the user's `last` passwords, including the current one."""

    def __init__(self, last: int = 3) -> None:
        self.last = last

    def validate(self, password: str, user: AppUser | None = None) -> None:
        """Raises ValidationError for a recently used password. Each comparison costs as much as a login."""
        if user is None or user.pk is None:
            return
        stored = list(AppUser.objects.filter(pk=user.pk).values_list("password", flat=True))
        history = PasswordHistory.objects.filter(user=user).order_by("-created_at", "-pk")
        stored += history.values_list("password_hash", flat=True)[: self.last]
        if any(check_password(password, one) for one in dict.fromkeys(stored)):
            raise ValidationError(self.get_help_text(), code="password_used_lately")

    def password_changed(self, password: str, user: AppUser | None = None) -> None:
        if user is None or not user.has_usable_password():
            return
        with transaction.atomic():
            PasswordHistory.objects.create(user=user, password_hash=user.password)
            history = PasswordHistory.objects.filter(user=user)
            kept = history.order_by("-created_at", "-pk").values_list("pk", flat=True)[: self.last]
            history.exclude(pk__in=list(kept)).delete()

    def get_help_text(self) -> str:
        return ngettext(
            "Your password can’t be your current one.",
            "Your password can’t be one of your last %(count)d passwords.",
            self.last,
        ) % {"count": self.last}


def make_one_time_password() -> str:
    """Sixteen letters and digits in groups of four: 79 bits, too many to guess."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def reset_password(user: AppUser) -> str:
    """Gives the user a password that is valid until the next login, and returns it.

    Ends all their sessions and lifts any lock on their name.
    """
    password = make_one_time_password()
    save_password(user, password, must_change=True)
    unlock_users([user.username])
    return password


def save_password(user: AppUser, password: str, *, must_change: bool) -> AppUser:
    """Sets and saves the password and nothing else; `must_change`: the user has to choose another one at login.

    Ends their other sessions, because Django keeps a hash of the password hash in each.
    """
    user.set_password(password)
    user.must_change_password = must_change
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        record(Kind.PASSWORD_RESET if must_change else Kind.PASSWORD_CHANGED, of_user=user.username)
    return user
