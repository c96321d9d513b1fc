"""The phone on which a user tests what they write."""

from django.conf import settings

from accounts.models import AppUser
from contacts import phones

from ..models import MessageLog


def own_test_phone(user: AppUser | None) -> str:
    """Which phone the user tests with, in E.164; "" if none is known, so that they are asked for it.

    The one of their account; else that of their latest test; else ADMIN_TEST_PHONE, as for a command, without a user.
    """
    return (user and user.test_phone) or _default(user)[0]


def describe_default(user: AppUser) -> str:
    """What applies if the account has no test phone, as a sentence."""
    phone, source = _default(user)
    return f"Empty: {phones.display(phone)}, {source}." if phone else "Empty: you are asked for a number each time."


def _default(user: AppUser | None) -> tuple[str, str]:
    """The phone without the account's own, and where it is from, in words."""
    tested = user and MessageLog.objects.filter(created_by=user, test_mode=True).order_by("-pk").first()
    if tested and (phone := tested.deliveries.values_list("phone", flat=True).first()):
        return phone, "the number of the latest test"
    return settings.ADMIN_TEST_PHONE, "from the environment (ADMIN_TEST_PHONE)"
