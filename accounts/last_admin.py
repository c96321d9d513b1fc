"""Somebody can always manage the users: the last active admin is neither deleted nor demoted nor deactivated."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from .models import AppUser
from .roles import Role


def check_admin_remains(leaving: Collection[int]) -> None:
    """Raises ValidationError if no active admin remained without the users of these ids.

    To be called in the transaction in which they leave: the active admins stay locked until its end, so that of
    two requests at once, each of which takes the other's admin away, the second one sees what the first one did.
    """
    # PostgreSQL: the second one waits here, and then reads anew. SQLite's transactions come one after the other.
    admins = AppUser.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
    staying_or_not = dict(admins.values_list("pk", "username"))
    lost = [name for pk, name in staying_or_not.items() if pk in leaving]
    if lost and len(lost) == len(staying_or_not):
        raise ValidationError(
            ngettext(
                "%(names)s is the last active admin. Make somebody else an admin first, so that somebody can "
                "manage the users.",
                "%(names)s are the last active admins. Keep one of them, or make somebody else an admin first, so "
                "that somebody can manage the users.",
                len(lost),
            )
            % {"names": ", ".join(lost)},
            code="last_admin",
        )
