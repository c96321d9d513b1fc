"""The table of roles: what the two of them may do, and that the documentation says the same."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.text import capfirst

from accounts import roles
from accounts.roles import PERMISSIONS, Role, is_allowed, may_enter
from tests.admin_pages import models

VERBS = ("view", "add", "change", "delete")
MANAGER = PERMISSIONS[Role.SOCIAL_MANAGER]


def known_permissions():
    """All permissions that there are: four of every model, and those that models name."""
    for model in apps.get_models():
        meta = model._meta
        yield from (f"{meta.app_label}.{verb}_{meta.model_name}" for verb in meta.default_permissions)
        yield from (f"{meta.app_label}.{name}" for name, _ in meta.permissions)


def test_every_permission_in_the_table_is_one_that_something_asks_for():
    assert set(known_permissions()) >= MANAGER


def test_an_admin_may_do_everything():
    assert all(is_allowed(Role.ADMIN, name) for name in known_permissions())


def test_a_social_manager_may_not():
    withheld = {
        *(f"contacts.{verb}_communitymember" for verb in ("add", "change", "delete")),
        *(f"contacts.{verb}_unsubscribedcontact" for verb in ("view", "change", "delete")),
        *(f"contacts.{verb}_suppressedcontact" for verb in VERBS),
        *(f"contacts.{verb}_consentrecord" for verb in VERBS),
        "contacts.delete_event",
        *(f"accounts.{verb}_appuser" for verb in VERBS),
        *(f"accounts.{verb}_securityevent" for verb in VERBS),
        *(f"accounts.{verb}_loginattempt" for verb in VERBS),
        "messaging.delete_messagelog",
        "messaging.delete_scheduledmessage",
        "messaging.delete_inboxmessage",
        "messaging.delete_inboxthread",
        *(f"django_q.{verb}_{model}" for verb in VERBS for model in ("schedule", "success", "failure", "ormq")),
    }
    assert withheld - set(known_permissions()) == set()
    assert {name for name in withheld if is_allowed(Role.SOCIAL_MANAGER, name)} == set()


def test_a_social_manager_may():
    granted = {
        "contacts.view_communitymember",
        "contacts.add_unsubscribedcontact",
        "contacts.view_profile",
        "contacts.change_profile",
        "contacts.view_profilefield",
        *(f"contacts.{verb}_event" for verb in ("view", "add", "change")),
        *(f"contacts.{verb}_eventregistration" for verb in VERBS),
        "messaging.view_messagelog",
        "messaging.send_blast",
        *(f"messaging.{verb}_scheduledmessage" for verb in ("view", "add", "change")),
        *(f"messaging.{verb}_savedaudience" for verb in VERBS),
        *(f"messaging.{verb}_inboxthread" for verb in ("view", "change")),
        *(f"messaging.{verb}_keywordautomationrule" for verb in VERBS),
        *(f"surveys.{verb}_surveyflow" for verb in VERBS),
    }
    assert {name for name in granted if not is_allowed(Role.SOCIAL_MANAGER, name)} == set()


@pytest.mark.parametrize("role", ["", "editor", "ADMIN"])
def test_an_unknown_role_may_do_nothing(role):
    assert not any(is_allowed(role, name) for name in known_permissions())
    assert not may_enter(role, "contacts")


def test_every_role_is_in_the_table():
    assert set(PERMISSIONS) == set(Role.values)


def documented():
    """The table as it has to be in the documentation: what a social manager may do with each kind of thing."""
    managed = {(name.partition(".")[0], name.split("_", 1)[1]) for name in MANAGER}
    shown = [
        model
        for model in apps.get_models()
        if model in models().values() or (model._meta.app_label, model._meta.model_name) in managed
    ]
    lines = ["| | Admin | Social manager |", "| --- | --- | --- |"]
    for model in sorted(shown, key=lambda model: (model._meta.app_label, str(model._meta.verbose_name_plural))):
        meta = model._meta
        held = [verb for verb in VERBS if f"{meta.app_label}.{verb}_{meta.model_name}" in MANAGER]
        held += [name.replace("_", " ") for name, _ in meta.permissions if f"{meta.app_label}.{name}" in MANAGER]
        lines.append(f"| {capfirst(str(meta.verbose_name_plural))} | everything | {', '.join(held) or 'nothing'} |")
    return "\n".join(lines)


def test_the_documentation_says_the_same():
    assert documented() in Path(settings.BASE_DIR, "docs", "security.md").read_text()
    assert roles.EVERYTHING is PERMISSIONS[Role.ADMIN]
