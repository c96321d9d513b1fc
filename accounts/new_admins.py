"""Creating admins on the command line: the first user of an installation, and more if no admin can log in."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from .events import record
from .models import AppUser
from .passwords import make_one_time_password
from .roles import Role
from .security_events import Kind


def create_first_admin(username: str, password: str = "") -> tuple[AppUser, str] | None:
    """Creates an admin if there are no users at all: (the user, the generated password or "").

    Without `password` one is generated that is valid until the first login. None if there are users already. Raises
    ValidationError for a name or a password that breaks the rules.
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
    """Creates another admin: (the user, the password for the first login).

    Raises ValidationError for a name that breaks the rules or is taken.
    """
    user = AppUser(username=AppUser.normalize_username(username), role=Role.ADMIN)
    user.full_clean(exclude=["password"])
    return user, give_first_password(user)


def give_first_password(user: AppUser) -> str:
    """Saves a new user with a generated password that must be changed at the first login, and returns it."""
    password = make_one_time_password()
    user.set_password(password)
    user.must_change_password = True
    with transaction.atomic():
        user.save()
        record(Kind.USER_ADDED, added_user=user.username, role=user.role)
    return password
