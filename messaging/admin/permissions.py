"""Who may use the pages of this app that Django's admin does not guard by itself."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import AppUser

SEND = "messaging.send_blast"


def require_sender(request: HttpRequest) -> AppUser:
    """The user, who may send blasts. Raises PermissionDenied (403)."""
    user = request.user
    if not isinstance(user, AppUser) or not user.has_perm(SEND):
        raise PermissionDenied
    return user
