"""Who may use the pages of this app that Django's admin does not guard by itself."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import AppUser

SEND = "messaging.send_blast"
SCHEDULE = (SEND, "messaging.add_scheduledmessage")
RESCHEDULE = (SEND, "messaging.change_scheduledmessage")


def require_sender(request: HttpRequest) -> AppUser:
    """The user, who may send blasts. Raises PermissionDenied (403)."""
    return require(request, SEND)


def require(request: HttpRequest, *permissions: str) -> AppUser:
    """The user, who holds all of these permissions. Raises PermissionDenied (403)."""
    user = request.user
    if not isinstance(user, AppUser) or not user.has_perms(permissions):
        raise PermissionDenied
    return user
