"""Which passwords are taken, how they are kept, and how those of the replaced system go on working."""

import hashlib

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.hashers import StrongScryptPasswordHasher, from_werkzeug
from accounts.models import AppUser, PasswordHistory
from accounts.passwords import make_one_time_password, reset_password, save_password
from smsadmin.settings import PASSWORD_HASHERS

GOOD = "correct-horse-battery"
SALT = "Tq3vEoZ1c0aJtX9d"
LATELY = "Your password can’t be one of your last 3 passwords."


def werkzeug_scrypt(password, n=2**15, r=8, p=1):
    """As werkzeug.security.generate_password_hash("scrypt:…") of Werkzeug 3 makes it."""
    digest = hashlib.scrypt(password.encode(), salt=SALT.encode(), n=n, r=r, p=p, maxmem=132 * n * r * p)
    return f"scrypt:{n}:{r}:{p}${SALT}${digest.hex()}"


def werkzeug_pbkdf2(password, iterations=1000):
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT.encode(), iterations)
    return f"pbkdf2:sha256:{iterations}${SALT}${digest.hex()}"


@pytest.fixture
def work(monkeypatch):
    """What hashing took, in units of N * r * p of scrypt; the hashes themselves are no hashes then."""
    spent = []

    def scrypt(password, *, n, r, p, **_):
        spent.append(n * r * p)
        return hashlib.sha512(password).digest()

    monkeypatch.setattr("hashlib.scrypt", scrypt)
    return spent


# Those of the replaced system ---------------------------------------------------------------------------------


# RFC 7914, section 12, and the first 32 bytes of the first vector of its section 11, as Werkzeug writes them.
SCRYPT_VECTOR = (
    "scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d"
    "9830dac727afb94a83ee6d8360cbdfa2cc0640"
)
PBKDF2_VECTOR = "pbkdf2:sha256:1$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
# What werkzeug_scrypt makes of GOOD, some of it with much work.
OTHERS = (
    f"scrypt:32768:8:1${SALT}$45b6902c838f0a2487eed8f95e9b09de54dcb59ec89bfe3a11e7e387bac7e7b0"
    "5711e7b18d15a5a90d27af31805b996b61a2597957c62325de130a60de29755f",
    f"scrypt:131072:8:1${SALT}$1e714b27fa4669ba1f633ee458d7c786af17e91bd9e343aa7b53e8143d29f404"
    "73ebc73f0e4c3ae2aa272a206b66f3306251f34bc972acf7cc64254554e8af9e",
    f"scrypt:16384:8:5${SALT}$8b631cb563356161719e9d2edbbd6d0ce0e8139f238b11a58ece54792c5007bc"
    "04d620ce45f3863f233e11e737667788855272783a49d3d14564438cfe8cf8ba",
    f"scrypt:1024:1:16${SALT}$bc6f931105add2733ec0bb85ae47f2c4fd1b6c94e2c39708e747db3e270e33f0"
    "39fc8b76370edcaad093bc608207e409df3745b51d28a5ca9769b42b3a02d0df",
)


@pytest.mark.parametrize("make", [werkzeug_scrypt, werkzeug_pbkdf2])
def test_a_hash_of_the_replaced_system_logs_in_and_is_upgraded(quick_hashers, make_user, make):
    user = make_user(username="ben")
    AppUser.objects.filter(pk=user.pk).update(password=from_werkzeug(make(GOOD)))
    client = Client()
    assert not client.login(username="ben", password="wrong-horse-battery")
    assert client.login(username="ben", password=GOOD)
    assert client.get("/admin/").status_code == 200
    user.refresh_from_db()
    assert user.password.startswith(f"scrypt${2**15}$")
    assert user.check_password(GOOD)


@pytest.mark.parametrize(
    ("stored", "password", "encoded"),
    [
        (
            SCRYPT_VECTOR,
            "password",
            "scrypt$1024$NaCl$8$16$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfosw"
            "GQA==",
        ),
        (PBKDF2_VECTOR, "passwd", "pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw="),
    ],
)
def test_a_known_hash_of_werkzeug_is_converted_to_djangos_encoding(light_hashers, stored, password, encoded):
    assert from_werkzeug(stored) == encoded
    assert check_password(password, encoded)
    assert not check_password(password.title(), encoded)


@pytest.mark.parametrize("stored", OTHERS, ids=lambda stored: stored.split("$")[0])
def test_any_parameters_that_werkzeug_may_have_used_can_be_verified(real_hashers, stored):
    assert check_password(GOOD, from_werkzeug(stored))


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!unusable",
        "scrypt$16384$salt$8$5$hash=",
        "scrypt:x:8:1$salt$" + "ab" * 64,
        "scrypt:16384:8:1$$" + "ab" * 64,
        "scrypt:16384:8:1$sa$lt$" + "ab" * 64,
        "scrypt:16384:8:1$salt$" + "ab" * 32,
        "scrypt:3:8:1$salt$" + "ab" * 64,
        "scrypt:1:8:1$salt$" + "ab" * 64,
        "scrypt:16384:0:1$salt$" + "ab" * 64,
        "scrypt:16384:8:0$salt$" + "ab" * 64,
        "scrypt:67108864:8:1$salt$" + "ab" * 64,
        "pbkdf2:sha256:0$salt$" + "ab" * 32,
        "pbkdf2:sha1:1000$salt$" + "ab" * 20,
        "plain:sha256$salt$ab",
    ],
)
def test_what_cannot_be_converted_stays_as_it_is(stored):
    assert from_werkzeug(stored) == stored


@given(st.text())
def test_no_stored_text_makes_the_translation_fail(stored):
    assert from_werkzeug(from_werkzeug(stored)) == from_werkzeug(stored)


@pytest.mark.parametrize("page", ["change/", "password/"])
def test_the_page_of_a_user_with_an_old_hash_opens(quick_hashers, admin_client, make_user, page):
    user = make_user(username="ben")
    for stored in (werkzeug_scrypt(GOOD, n=2**10), werkzeug_pbkdf2(GOOD)):
        AppUser.objects.filter(pk=user.pk).update(password=from_werkzeug(stored))
        assert admin_client.get(f"/admin/accounts/appuser/{user.pk}/{page}").status_code == 200


# How they are kept --------------------------------------------------------------------------------------------


def test_a_hash_of_today_can_be_made_and_verified(real_hashers):
    assert check_password(GOOD, make_password(GOOD))


def test_weaker_parameters_are_made_stronger_at_a_login(quick_hashers, make_user):
    user = make_user(username="ben")
    weak = StrongScryptPasswordHasher().encode(GOOD, SALT, n=2**14, p=5)
    AppUser.objects.filter(pk=user.pk).update(password=weak)
    assert Client().login(username="ben", password=GOOD)
    user.refresh_from_db()
    assert identify_hasher(user.password).decode(user.password)["parallelism"] == 3
    assert not PasswordHistory.objects.exists()


def test_the_first_hasher_is_one_of_those_that_owasp_names():
    """OWASP Password Storage Cheat Sheet: N=2^17 p=1, 2^16 p=2, 2^15 p=3, 2^14 p=5 or 2^13 p=10, with r=8."""
    strong = StrongScryptPasswordHasher
    assert PASSWORD_HASHERS[0] == f"{strong.__module__}.{strong.__name__}"
    assert (strong.work_factor, strong.block_size, strong.parallelism) == (2**15, 8, 3)


@pytest.mark.parametrize(
    "stored",
    [
        lambda: make_password(GOOD),
        lambda: StrongScryptPasswordHasher().encode(GOOD, SALT, n=2**14, p=5),
        lambda: from_werkzeug(werkzeug_scrypt(GOOD)),
    ],
    ids=["of today", "weaker", "of the replaced system"],
)
def test_a_wrong_password_takes_as_much_work_for_a_user_as_for_nobody(real_hashers, make_user, work, stored):
    user = make_user(username="ben")
    AppUser.objects.filter(pk=user.pk).update(password=stored())
    work.clear()
    assert not Client().login(username="nobody", password="wrong-horse-battery")
    for_nobody = sum(work)
    work.clear()
    assert not Client().login(username="ben", password="wrong-horse-battery")
    assert sum(work) == for_nobody == 2**15 * 8 * 3


def test_iterations_of_pbkdf2_are_made_up_for_too(real_hashers, make_user, work):
    user = make_user(username="ben")
    AppUser.objects.filter(pk=user.pk).update(password=from_werkzeug(werkzeug_pbkdf2(GOOD, iterations=300_000)))
    work.clear()
    assert not Client().login(username="ben", password="wrong-horse-battery")
    assert sum(work) == 2**15 * 8 * 3 / 2


# Which are taken ----------------------------------------------------------------------------------------------


@pytest.fixture
def ben(make_user):
    """A user who has had five passwords: the present one is "horse-battery-5"."""
    user = make_user(username="ben", password="horse-battery-1")
    for number in range(2, 6):
        save_password(user, f"horse-battery-{number}", must_change=False)
    return user


@pytest.mark.parametrize("number", [3, 4, 5])
def test_the_last_three_passwords_are_not_taken_again(ben, number):
    with pytest.raises(ValidationError, match=LATELY):
        validate_password(f"horse-battery-{number}", ben)


@pytest.mark.parametrize("number", [1, 2, 6])
def test_an_older_or_new_password_is_taken(ben, number):
    validate_password(f"horse-battery-{number}", ben)


def test_no_more_than_three_old_hashes_are_kept(ben):
    assert PasswordHistory.objects.filter(user=ben).count() == 3


def test_the_present_password_counts_without_a_history(ben):
    PasswordHistory.objects.all().delete()
    with pytest.raises(ValidationError, match=LATELY):
        validate_password("horse-battery-5", ben)


def test_a_hash_of_the_replaced_system_counts_in_the_history(quick_hashers, make_user):
    user = make_user(username="ben")
    PasswordHistory.objects.create(user=user, password_hash=from_werkzeug(werkzeug_scrypt(GOOD, n=2**10)))
    with pytest.raises(ValidationError, match=LATELY):
        validate_password(GOOD, user)


def test_anothers_passwords_are_no_obstacle(ben, make_user):
    validate_password("horse-battery-5", make_user(username="eve"))


def test_a_page_says_that_a_password_was_used_lately(ben):
    client = Client()
    client.force_login(ben)
    data = {"old_password": "horse-battery-5", "new_password1": "horse-battery-4", "new_password2": "horse-battery-4"}
    response = client.post("/admin/password_change/", data)
    assert response.status_code == 200
    assert response.context["form"].errors["new_password2"] == [LATELY]


def test_a_user_without_a_password_leaves_no_history(make_user):
    make_user(username="ben")
    assert not PasswordHistory.objects.exists()


def test_one_time_passwords_are_long_and_unique():
    made = {make_one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(password) for password in made} == {19}
    validate_password(made.pop(), AppUser(username="ben"))


def test_a_reset_password_has_to_be_changed(ben):
    password = reset_password(ben)
    ben.refresh_from_db()
    assert ben.check_password(password)
    assert ben.must_change_password


def test_at_least_twelve_characters_are_asked_for():
    assert {"min_length": 12} in [validator.get("OPTIONS") for validator in configured.AUTH_PASSWORD_VALIDATORS]
