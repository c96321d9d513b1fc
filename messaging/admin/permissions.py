"""Permission checks for pages that Django's admin doesn't check on its own."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import AppUser

SEND = "messaging.send_blast"
SCHEDULE = (SEND, "messaging.add_scheduledmessage")
RESCHEDULE = (SEND, "messaging.change_scheduledmessage")


def require_sender(request: HttpRequest) -> AppUser:
    """The user, if they may send blasts. Raises PermissionDenied (403)."""
    return require(request, SEND)


def require(request: HttpRequest, *permissions: str) -> AppUser:
    """The user, if they have all of these permissions. Raises PermissionDenied (403)."""
    user = request.user
    if not isinstance(user, AppUser) or not user.has_perms(permissions):
        raise PermissionDenied
    return user
