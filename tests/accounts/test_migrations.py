"""What migrations make of rows of before."""

import hashlib
import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from accounts.models import AppUser, PasswordHistory

hashes = importlib.import_module("accounts.migrations.0002_werkzeug_hashes")

GOOD = "correct-horse-battery"
SALT = "Tq3vEoZ1c0aJtX9d"
SCRYPT = hashlib.scrypt(GOOD.encode(), salt=SALT.encode(), n=2**10, r=8, p=1).hex()
PBKDF2 = hashlib.pbkdf2_hmac("sha256", GOOD.encode(), SALT.encode(), 1000).hex()
BEFORE = [
    f"werkzeug_scrypt$1024:8:1${SALT}${SCRYPT}",
    f"werkzeug_pbkdf2$1000${SALT}${PBKDF2}",
    f"scrypt:1024:8:1${SALT}${SCRYPT}",
    f"pbkdf2:sha256:1000${SALT}${PBKDF2}",
]


@pytest.fixture
def convert_hashes():
    return lambda: hashes.convert_hashes(apps, SimpleNamespace(connection=connection))


@pytest.mark.parametrize("stored", BEFORE)
def test_a_user_whose_hash_is_werkzeugs_logs_in_after_the_upgrade(light_hashers, make_user, convert_hashes, stored):
    AppUser.objects.filter(pk=make_user(username="ben").pk).update(password=stored)
    convert_hashes()
    assert not Client().login(username="ben", password="wrong-horse-battery")
    assert Client().login(username="ben", password=GOOD)


def test_every_hash_of_werkzeug_is_converted_in_batches(make_user, convert_hashes, monkeypatch):
    monkeypatch.setattr(hashes, "BATCH", 3)
    users = [make_user(username=f"user{number}") for number in range(8)]
    for number, user in enumerate(users):
        stored = BEFORE[number % len(BEFORE)]
        AppUser.objects.filter(pk=user.pk).update(password=stored)
        PasswordHistory.objects.create(user=user, password_hash=stored)
    convert_hashes()
    kept = [*AppUser.objects.values_list("password"), *PasswordHistory.objects.values_list("password_hash")]
    assert {stored.split("$")[0] for (stored,) in kept} == {"scrypt", "pbkdf2_sha256"}


@pytest.mark.parametrize("stored", ["!unusable", "plain", "werkzeug_scrypt$3:8:1$salt$abcd", "md5$salt$abcd"])
def test_other_hashes_stay_as_they_are(make_user, convert_hashes, stored):
    user = make_user(username="ben")
    AppUser.objects.filter(pk=user.pk).update(password=stored)
    convert_hashes()
    user.refresh_from_db()
    assert user.password == stored
