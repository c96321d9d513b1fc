"""Security events: the record of logins, user changes, blasts and exports.

`record` is called wherever something is done, by a page or a command; Django's signals report logins and logouts.
Nothing secret is recorded: no passwords, no texts, no phone numbers.
"""

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone

from .addresses import client_ip
from .models import AppUser
from .requests import current_request
from .security_events import Kind, Outcome, SecurityEvent

KEPT: Final = timedelta(days=180)
UNKNOWN_NAME: Final = "(no such user)"
# Deleting half a year's worth at once would hold the write lock for long.
_DELETED_AT_ONCE: Final = 1000


def record(
    kind: Kind,
    *,
    request: HttpRequest | None = None,
    user: AppUser | None = None,
    username: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    **details: str | int | None,
) -> SecurityEvent:
    """Records that something happened, in the current transaction.

    The actor is `user`, or whoever made the request; the current request need not be passed. The address is the
    request's. `username` is for a name that is known without its user. `details` say what was affected: names and
    ids, nothing secret.
    """
    request = request or current_request()
    asking = user or getattr(request, "user", None)
    known = asking if isinstance(asking, AppUser) and asking.pk else None
    return SecurityEvent.objects.create(
        event_type=kind,
        outcome=outcome,
        user=known,
        username=(username or (known.username if known else ""))[:80],
        client_ip=client_ip(request) if request is not None else "",
        metadata=details,
    )


def prune() -> int:
    """Deletes what is older than KEPT, and returns how much. For the daily cleanup."""
    old = SecurityEvent.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("pk")
    deleted = 0
    while keys := list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
        deleted += SecurityEvent.objects.filter(pk__in=keys).delete()[0]
    return deleted


def record_failed_login(request: HttpRequest | None, typed: str, *, is_locked_now: bool) -> None:
    """Records a wrong password, and the lock that it may have caused.

    The name is only recorded if a user has it: people type passwords into the wrong field.
    """
    user = AppUser.objects.filter(username__iexact=typed).first()
    username = user.username if user else UNKNOWN_NAME
    record(Kind.LOGIN_FAILED, request=request, username=username, outcome=Outcome.FAILURE)
    if is_locked_now:
        record(Kind.LOCKOUT, request=request, username=username, outcome=Outcome.FAILURE)


def listen() -> None:
    """Records what Django reports by signals. Called at startup."""
    user_logged_in.connect(_record_login, dispatch_uid="accounts.events.login")
    user_logged_out.connect(_record_logout, dispatch_uid="accounts.events.logout")


def _record_login(request: HttpRequest, user: AppUser, **_: Any) -> None:
    record(Kind.LOGIN, request=request, user=user)


def _record_logout(request: HttpRequest, user: AppUser | None, **_: Any) -> None:
    # Also sent for a visitor who wasn't logged in, or no longer is.
    if user is not None:
        record(Kind.LOGOUT, request=request, user=user)
