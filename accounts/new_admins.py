"""Admins who are made at a prompt: the first user of an installation, and others where no admin can log in."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from .events import record
from .models import AppUser
from .passwords import make_one_time_password
from .roles import Role
from .security_events import Kind


def create_first_admin(username: str, password: str = "") -> tuple[AppUser, str] | None:
    """Make a user of the admin role if there is no user at all: (the user, the generated password or "").

    Without `password` one is generated, which lasts until the first login. None where there are users already.
    Raises ValidationError for a name or a password that the rules refuse.
    """
    with transaction.atomic():
        if AppUser.objects.exists():
            return None
        user = AppUser(username=AppUser.normalize_username(username), role=Role.ADMIN)
        user.clean_fields(exclude=["password"])
        if password:
            validate_password(password, user)
            user.set_password(password)
            user.save()
            record(Kind.USER_ADDED, added_user=user.username, role=user.role)
            return user, ""
        return user, give_first_password(user)


def create_admin(username: str) -> tuple[AppUser, str]:
    """Make another user of the admin role: (the user, the password for the first login).

    Raises ValidationError for a name that the rules refuse or that somebody has already.
    """
    user = AppUser(username=AppUser.normalize_username(username), role=Role.ADMIN)
    user.full_clean(exclude=["password"])
    return user, give_first_password(user)


def give_first_password(user: AppUser) -> str:
    """Save a new user with a generated password, which has to be changed at the first login; that password."""
    password = make_one_time_password()
    user.set_password(password)
    user.must_change_password = True
    with transaction.atomic():
        user.save()
        record(Kind.USER_ADDED, added_user=user.username, role=user.role)
    return password
