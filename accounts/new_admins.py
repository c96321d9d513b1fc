"""The first user of an installation."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from .models import AppUser
from .roles import Role


def create_first_admin(username: str, password: str = "") -> tuple[AppUser, str] | None:
    """Make a user of the admin role if there is no user at all: (the user, the generated password or "").

    Without `password` one is generated. None where there are users already. Raises ValidationError for a
    name or a password that the rules refuse.
    """
    with transaction.atomic():
        if AppUser.objects.exists():
            return None
        generated = "" if password else secrets.token_urlsafe(12)
        user = AppUser(username=AppUser.normalize_username(username), role=Role.ADMIN)
        user.clean_fields(exclude=["password"])
        if password:
            validate_password(password, user)
        user.set_password(password or generated)
        user.save()
    return user, generated
