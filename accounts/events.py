"""Security events: what is written down about logins, users, blasts and data that leaves.

`record` is called where something is done, whether a page or a prompt asked for it; Django's own signals tell of
logins and logouts. Nothing secret is written down: no passwords, no texts, no phone numbers.
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
# A delete of half a year's worth would hold the write lock for long.
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
    """Write down that something happened, in the transaction at hand.

    Who did it is `user`, or whoever made the request, which need not be given where it is the one in hand; the
    address is the request's. `username` is for a name that is known without its user. `details` say what it was
    done to: names and ids, nothing secret.
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
    """Delete what is older than KEPT; how many. For the daily clean-up."""
    old = SecurityEvent.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("pk")
    deleted = 0
    while keys := list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
        deleted += SecurityEvent.objects.filter(pk__in=keys).delete()[0]
    return deleted


def record_failed_login(request: HttpRequest | None, typed: str, *, is_locked_now: bool) -> None:
    """A wrong password, and the lock that it may have brought about.

    The name is written down only if somebody has it: people type passwords into the wrong field.
    """
    user = AppUser.objects.filter(username__iexact=typed).first()
    username = user.username if user else UNKNOWN_NAME
    record(Kind.LOGIN_FAILED, request=request, username=username, outcome=Outcome.FAILURE)
    if is_locked_now:
        record(Kind.LOCKOUT, request=request, username=username, outcome=Outcome.FAILURE)


def listen() -> None:
    """Have what Django tells by its signals recorded. For the start."""
    user_logged_in.connect(_record_login, dispatch_uid="accounts.events.login")
    user_logged_out.connect(_record_logout, dispatch_uid="accounts.events.logout")


def _record_login(request: HttpRequest, user: AppUser, **_: Any) -> None:
    record(Kind.LOGIN, request=request, user=user)


def _record_logout(request: HttpRequest, user: AppUser | None, **_: Any) -> None:
    # Also sent for a visitor who was not logged in, or not any more.
    if user is not None:
        record(Kind.LOGOUT, request=request, user=user)
