"""Keeps one active admin: the last one can't be deleted, demoted or deactivated."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from .models import AppUser
from .roles import Role


def check_admin_remains(leaving: Collection[int]) -> None:
    """Raises ValidationError if no active admin would remain without the users with these ids.

    Call it in the transaction in which they leave: the active admins stay locked until it ends. If two requests each
    remove the other's admin at once, the second one sees what the first one did.
    """
    # On PostgreSQL the second one waits here and then reads again. SQLite runs one transaction at a time.
    admins = AppUser.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
    staying_or_not = dict(admins.values_list("pk", "username"))
    lost = [name for pk, name in staying_or_not.items() if pk in leaving]
    if lost and len(lost) == len(staying_or_not):
        raise ValidationError(
            ngettext(
                "%(names)s is the last active admin. Make someone else an admin first.",
                "%(names)s are the last active admins. Keep one of them, or make someone else an admin first.",
                len(lost),
            )
            % {"names": ", ".join(lost)},
            code="last_admin",
        )
