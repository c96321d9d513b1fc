"""Rules for passwords beyond Django's, and passwords that are given out once.

The three last passwords of a user are kept as hashes (PasswordHistory). Django tells the validators of every new
password after it has been saved, whichever form or command it came from: that is where the history is written.
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

# Without letters and digits that look like others: people type these from a screen or a note.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class NotUsedLatelyValidator:
    """Refuses the `last` passwords that the user had last, the present one among them."""

    def __init__(self, last: int = 3) -> None:
        self.last = last

    def validate(self, password: str, user: AppUser | None = None) -> None:
        """Raises ValidationError for a password used lately. Each comparison costs as much as a login."""
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
            "Your password can’t be the one you have now.",
            "Your password can’t be one of the last %(count)d that you have used.",
            self.last,
        ) % {"count": self.last}


def make_one_time_password() -> str:
    """Sixteen letters and digits in groups of four: 79 bits, more than anybody can guess."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def reset_password(user: AppUser) -> str:
    """Give the user a password that lasts until the next login; that password.

    All their sessions end, and a lock of their name is lifted.
    """
    password = make_one_time_password()
    save_password(user, password, must_change=True)
    unlock_users([user.username])
    return password


def save_password(user: AppUser, password: str, *, must_change: bool) -> AppUser:
    """Set and save the password and nothing else; `must_change`: only until the user has chosen another one.

    Their other sessions end, because Django keeps a hash of the password's hash in each.
    """
    user.set_password(password)
    user.must_change_password = must_change
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        record(Kind.PASSWORD_RESET if must_change else Kind.PASSWORD_CHANGED, of_user=user.username)
    return user
