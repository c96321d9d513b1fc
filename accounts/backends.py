"""Where every password is checked: Django's backend behind the limits in `accounts.login_limits`."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from . import events, login_limits
from .addresses import client_ip
from .models import AppUser


class LimitedBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> AppUser | None:
        """The active user with that name and password, else None.

        Raises PermissionDenied while locked, so that Django tries no other backend. The password isn't checked then.
        """
        if username is None:
            username = kwargs.get(AppUser.USERNAME_FIELD)
        if username is None or password is None:
            return None
        address = client_ip(request) if request else ""
        guess = login_limits.take_guess(address, username)
        if guess is None:
            raise PermissionDenied("Too many failed sign-ins")
        user = super().authenticate(request, username=username, password=password)
        if user is not None:
            guess.was_right(user)
        else:
            events.record_failed_login(request, username, is_locked_now=guess.is_last)
        return user

    async def aauthenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> AppUser | None:
        """Like authenticate(): Django's own async version would bypass it."""
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)
