"""Factories and logged-in clients that the tests of all apps share. People and numbers are made up."""

import hashlib
import itertools

import pytest
from django.test import Client
from hypothesis import settings as hypothesis_settings

from accounts.models import AppUser
from accounts.roles import Role
from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from smsadmin.settings import PASSWORD_HASHERS

# A quick look by default; where everything is tried, as in CI, hypothesis loads its own profile "ci" of 100 examples.
hypothesis_settings.register_profile("quick", max_examples=25)
if hypothesis_settings.get_current_profile_name() == "default":
    hypothesis_settings.load_profile("quick")

AREA_CODES = (720, 303, 970, 719, 212, 312, 415, 206, 512, 617, 404, 305, 702, 503, 602, 504, 615, 313, 216, 612)
NAMES = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Jackson", "Edsger Dijkstra", "Barbara Liskov")


def fictional_phone(index: int) -> str:
    """The E.164 number of that index (0 to 1999), all from the range kept for fiction: 555-0100 to 555-0199."""
    area, line = divmod(index, 100)
    return f"+1{AREA_CODES[area]}5550{100 + line}"


@pytest.fixture
def make_phone():
    """A phone number that no earlier call in this test gave."""
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
    """A registration for `event`, which is made where none is given."""

    def make(event=None, **fields):
        fields = {"name": make_name(), "phone": make_phone(), **fields}
        return EventRegistration.objects.create(event=event or make_event(), **fields)

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
    """A user; the role is Role.ADMIN unless given. Without `password` nobody can log in by the form."""
    numbers = itertools.count(1)

    def make(**fields):
        username = fields.pop("username", None) or f"user{next(numbers)}"
        return AppUser.objects.create_user(username, **fields)

    return make


@pytest.fixture
def admin_user(make_user):
    return make_user(username="ann", role=Role.ADMIN)


@pytest.fixture
def manager_user(make_user):
    return make_user(username="sam", role=Role.SOCIAL_MANAGER)


@pytest.fixture
def admin_client(admin_user):
    """A browser in which a user of role admin is logged in."""
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def manager_client(manager_user):
    """A browser in which a user of role social_manager is logged in."""
    client = Client()
    client.force_login(manager_user)
    return client


@pytest.fixture
def real_hashers(settings):
    """The site's own, which hash slowly; those of the other tests are quick."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS


@pytest.fixture
def quick_hashers(real_hashers, monkeypatch):
    """The site's own, whose scrypt writes its parameters down but does little work. Real hashes do not fit these."""
    scrypt = hashlib.scrypt
    monkeypatch.setattr("hashlib.scrypt", lambda password, **how: scrypt(password, **{**how, "n": 2, "p": 1}))
