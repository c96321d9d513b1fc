"""`python -m smsadmin.drilling.look`: prints what the database in use contains, and whether its pages load, as JSON.

For the drill, in a process of its own whose DATABASE_URL is the restored database.
"""

import json
import sys
from typing import Any

import django


def look() -> dict[str, Any]:
    """{"people", "blasts", "texts": numbers; "newest": {what: ISO time or None}; "pages": {path: HTTP status}}."""
    from django.db.models import Max

    from accounts.security_events import SecurityEvent
    from contacts.models import CommunityMember, EventRegistration
    from messaging.models import Delivery, InboxMessage, MessageLog

    newest = {
        "blast": MessageLog.objects.aggregate(at=Max("created_at"))["at"],
        "incoming text": InboxMessage.objects.received().aggregate(at=Max("created_at"))["at"],
        "security event": SecurityEvent.objects.aggregate(at=Max("created_at"))["at"],
    }
    return {
        "people": CommunityMember.objects.count() + EventRegistration.objects.count(),
        "blasts": MessageLog.objects.count(),
        "texts": Delivery.objects.count() + InboxMessage.objects.received().count(),
        "newest": {what: at.isoformat() if at else None for what, at in newest.items()},
        "pages": _show_pages(),
    }


def _show_pages() -> dict[str, int]:
    """The login page and, if there is an admin, the pages that staff see first."""
    from django.test import Client
    from django.urls import reverse

    from accounts.models import AppUser
    from accounts.roles import Role

    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    paths = [reverse("admin:login")]
    statuses = {path: client.get(path).status_code for path in paths}
    admins = AppUser.objects.filter(role=Role.ADMIN, is_active=True, must_change_password=False)
    if admin := admins.order_by("pk").first():
        client.force_login(admin)
        for name in ("index", "contacts_communitymember_changelist", "messaging_messagelog_changelist"):
            path = reverse(f"admin:{name}")
            statuses[path] = client.get(path).status_code
    return statuses


if __name__ == "__main__":
    django.setup()
    json.dump(look(), sys.stdout)
