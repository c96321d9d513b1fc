"""Who may do what: the table of roles and the permissions of each.

These are Django's own permissions (`app_label.codename`), so the admin's lists, forms and actions follow this table,
as does every view that checks `user.has_perm`.
"""

from typing import Final

from django.db import models


class Role(models.TextChoices):
    """The values of `users.role` in the schema of record."""

    ADMIN = "admin", "Admin"
    SOCIAL_MANAGER = "social_manager", "Social manager"


EVERYTHING: Final = frozenset({"*"})

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    Role.ADMIN: EVERYTHING,
    Role.SOCIAL_MANAGER: frozenset(
        {
            "contacts.view_communitymember",
            "contacts.view_profile",
            "contacts.change_profile",
            "contacts.view_profilefield",
            "contacts.add_unsubscribedcontact",
            "contacts.view_event",
            "contacts.add_event",
            "contacts.change_event",
            "contacts.view_eventregistration",
            "contacts.add_eventregistration",
            "contacts.change_eventregistration",
            "contacts.delete_eventregistration",
            "contacts.view_group",
            "contacts.add_group",
            "contacts.change_group",
            "contacts.view_groupmember",
            "contacts.add_groupmember",
            "contacts.change_groupmember",
            "contacts.delete_groupmember",
            "messaging.view_messagelog",
            "messaging.send_blast",
            "messaging.view_scheduledmessage",
            "messaging.add_scheduledmessage",
            "messaging.change_scheduledmessage",
            "messaging.view_savedaudience",
            "messaging.add_savedaudience",
            "messaging.change_savedaudience",
            "messaging.delete_savedaudience",
            "messaging.view_inboxthread",
            "messaging.change_inboxthread",
            "messaging.view_keywordautomationrule",
            "messaging.add_keywordautomationrule",
            "messaging.change_keywordautomationrule",
            "messaging.delete_keywordautomationrule",
            "surveys.view_surveyflow",
            "surveys.add_surveyflow",
            "surveys.change_surveyflow",
            "surveys.delete_surveyflow",
        }
    ),
}


def is_allowed(role: str, permission: str) -> bool:
    """Whether `role` holds `permission` ("app_label.codename"). An unknown role holds none."""
    held = PERMISSIONS.get(role, frozenset())
    return held is EVERYTHING or permission in held


def may_enter(role: str, app_label: str) -> bool:
    """Whether `role` holds any permission of the app."""
    held = PERMISSIONS.get(role, frozenset())
    return held is EVERYTHING or any(name.startswith(f"{app_label}.") for name in held)
