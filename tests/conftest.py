"""Factories and logged-in clients shared by the tests of all apps. People and numbers are made up."""

import gc
import hashlib
import itertools
import time

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import Client
from django.test import client as test_client
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from accounts import organization
from accounts.hashers import StrongScryptPasswordHasher
from accounts.models import AppUser
from accounts.roles import Role
from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    Group,
    GroupMember,
    SuppressedContact,
    UnsubscribedContact,
)
from smsadmin.middleware import SEEN_AT
from smsadmin.settings import PASSWORD_HASHERS

# Few examples by default; CI uses hypothesis's profile "ci" with 100 examples. Deadlines are off because speed is not
# a promise, and a fixture may serve all examples of a test.
for profile, parent, how in (("quick", "default", {"max_examples": 10}), ("ci", "ci", {})):
    hypothesis_settings.register_profile(
        profile,
        hypothesis_settings.get_profile(parent),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        **how,
    )
hypothesis_settings.load_profile("ci" if hypothesis_settings.get_current_profile_name() == "ci" else "quick")
IS_QUICK = hypothesis_settings.get_current_profile_name() == "quick"


def examples(quick, thorough):
    """How many examples a test tries that needs more or fewer than the others."""
    return hypothesis_settings(max_examples=quick if IS_QUICK else thorough)


# Django and the tests create a great many objects that live until the end. Collecting garbage among them at Python's
# usual pace took a tenth of the time.
gc.set_threshold(100_000, 20, 100)

AREA_CODES = (720, 303, 970, 719, 212, 312, 415, 206, 512, 617, 404, 305, 702, 503, 602, 504, 615, 313, 216, 612)
NAMES = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Jackson", "Edsger Dijkstra", "Barbara Liskov")


def fictional_phone(index: int) -> str:
    """The E.164 number with that index (0 to 1999), from the range reserved for fiction: 555-0100 to 555-0199."""
    area, line = divmod(index, 100)
    return f"+1{AREA_CODES[area]}5550{100 + line}"


def pytest_collection_finish():
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A table's first ids are 9 and 10, or 99 and 100, and so on, and differ from table to table.

    So a test that depends on the number of digits in an id, or on which id it is, fails every time.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        models = apps.get_models(include_auto_created=True)
        empty = [model for model in models if model._meta.auto_field and not model._base_manager.exists()]
        tables = sorted(model._meta.db_table for model in empty)
        for digits, table in zip(itertools.cycle((1, 2, 3, 4)), tables, strict=False):
            last = 10**digits - 2
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last])


@pytest.fixture(autouse=True, scope="session")
def page_contexts():
    """A response's `context` has the page and its parts, but not every option of every form field."""
    keep = test_client.store_rendered_templates

    def keep_pages(store, signal, sender, template, context, **kwargs):
        if not (template.name or "").startswith("django/forms/"):
            keep(store, signal, sender, template, context, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_client, "store_rendered_templates", keep_pages)
        yield


@pytest.fixture(autouse=True, scope="session")
def patient_webhooks():
    """Speed is not a promise: a webhook gives up after a minute, not after seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("messaging.webhooks.views.STORED_WITHIN_SECONDS", 60)
        yield


@pytest.fixture(autouse=True)
def fresh_organization(monkeypatch):
    """What the page Organization says is looked up each time, and no test leaves its zone to the next one.

    So each page takes one query that a site makes only every few seconds.
    """
    monkeypatch.setattr(organization.kept, "seconds", 0)
    # Data that several tests share is made before this, and what it looked up would still be kept.
    organization.kept.forget()
    yield
    timezone.deactivate()


@pytest.fixture
def make_phone():
    """A phone number that no earlier call in this test returned."""
    indexes = itertools.count()
    return lambda: fictional_phone(next(indexes))


@pytest.fixture
def make_name():
    names = itertools.cycle(NAMES)
    return lambda: next(names)


@pytest.fixture
def make_member(db, make_phone, make_name):
    def make(**fields):
        return CommunityMember.objects.create(**{"name": make_name(), "phone": make_phone(), **fields})

    return make


@pytest.fixture
def make_event(db):
    def make(**fields):
        return Event.objects.create(**{"title": "Summer picnic", **fields})

    return make


@pytest.fixture
def make_registration(db, make_event, make_phone, make_name):
    """A registration for `event`; without one, an event is created."""

    def make(event=None, **fields):
        fields = {"name": make_name(), "phone": make_phone(), **fields}
        return EventRegistration.objects.create(event=event or make_event(), **fields)

    return make


@pytest.fixture
def make_group(db):
    numbers = itertools.count(1)

    def make(**fields):
        return Group.objects.create(**{"name": f"Choir {next(numbers)}", **fields})

    return make


@pytest.fixture
def make_group_member(db, make_group, make_phone, make_name):
    """Somebody in `group`; without one, a group is created."""

    def make(group=None, **fields):
        fields = {"name": make_name(), "phone": make_phone(), **fields}
        return GroupMember.objects.create(group=group or make_group(), **fields)

    return make


@pytest.fixture
def make_unsubscribed(db, make_phone):
    def make(**fields):
        return UnsubscribedContact.objects.create(**{"phone": make_phone(), **fields})

    return make


@pytest.fixture
def make_suppressed(db, make_phone):
    def make(**fields):
        return SuppressedContact.objects.create(**{"phone": make_phone(), **fields})

    return make


@pytest.fixture
def make_user(db):
    """A user, with Role.ADMIN by default. Without `password`, the user can't sign in through the form."""
    numbers = itertools.count(1)

    def make(**fields):
        username = fields.pop("username", None) or f"user{next(numbers)}"
        return AppUser.objects.create_user(username, **fields)

    return make


def signed_in(user):
    """A browser with a session of that user, without what signing in records. It takes a tenth of the time.

    The user has just done something, so that the next request need not write that down.
    """
    session = SessionStore()
    session[SEEN_AT] = int(time.time())
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


@pytest.fixture
def admin_user(make_user):
    return make_user(username="ann", role=Role.ADMIN)


@pytest.fixture
def manager_user(make_user):
    return make_user(username="sam", role=Role.SOCIAL_MANAGER)


@pytest.fixture
def admin_client(admin_user):
    """A browser signed in as an admin."""
    return signed_in(admin_user)


@pytest.fixture
def manager_client(manager_user):
    """A browser signed in as a social manager."""
    return signed_in(manager_user)


@pytest.fixture(scope="module")
def logins(django_db_setup, django_db_blocker):
    """For each role, a user and the cookies of a browser signed in as that user.

    Created once per module, for tests that visit every page: each test is a savepoint inside this transaction.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        found = {}
        for role in Role.values:
            user = AppUser.objects.create_user(role, role=role)
            found[role] = user, signed_in(user).cookies
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def real_hashers(settings):
    """The site's own hashers, which are slow; other tests use a fast one."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS


@pytest.fixture
def light_hashers(real_hashers, monkeypatch):
    """The site's own hashers. Those of before verify in full, but a hash of today takes a hundredth of the work."""
    monkeypatch.setattr(StrongScryptPasswordHasher, "work_factor", 2**10)
    monkeypatch.setattr(StrongScryptPasswordHasher, "parallelism", 1)
    monkeypatch.setattr("accounts.hashers._WORK", 2**10 * StrongScryptPasswordHasher.block_size)


@pytest.fixture
def quick_hashers(real_hashers, monkeypatch):
    """The site's own hashers with a scrypt that records its parameters but does little; real hashes don't match."""
    scrypt = hashlib.scrypt
    monkeypatch.setattr("hashlib.scrypt", lambda password, **how: scrypt(password, **{**how, "n": 2, "p": 1}))
