from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import AppUser, LoginAttempt, PasswordHistory
from accounts.security_events import Kind, SecurityEvent

from .old_database import TIME, pbkdf2, scrypt

GOOD = "correct-horse-battery"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("make", [scrypt, pytest.param(pbkdf2, marks=pytest.mark.slow)])
def test_users_log_in_with_their_passwords(light_hashers, old, move, make):
    old.add("users", username="Ben", password_hash=make(GOOD), role="social_manager")
    move()
    client = Client()
    assert client.post("/admin/login/", {"username": "ben", "password": "wrong-horse-battery"}).status_code == 200
    answer = client.post("/admin/login/", {"username": "ben", "password": GOOD, "next": "/admin/"})
    assert (answer.status_code, answer.url) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    user = AppUser.objects.get()
    assert (user.username, user.role) == ("Ben", "social_manager")


def test_users_of_an_older_version_log_in(quick_hashers, older, move):
    older.add("users", username="ann", password_hash=pbkdf2(GOOD))
    move(older)
    user = AppUser.objects.get()
    assert user.check_password(GOOD)
    assert user.is_admin
    assert not user.must_change_password
    assert user.created_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)


def test_a_required_password_change_is_still_required(quick_hashers, old, move):
    old.add("users", username="ann", password_hash=scrypt(GOOD), must_change_password="true")
    report = move()
    assert AppUser.objects.get().must_change_password
    assert report.of("users").mended == 1


def test_existing_users_are_left_alone_whatever_the_case(quick_hashers, old, move, make_user, told):
    ann = make_user(username="Ann", password="another-horse-battery", role="social_manager")
    old.add("users", username="aNN", password_hash=scrypt(GOOD))
    old.add("user_password_history", user_id=1, password_hash=scrypt("earlier-horse-battery"))
    report = move()
    assert AppUser.objects.get().password == ann.password
    assert (report.of("users").present, report.of("users").taken) == (1, 0)
    assert "password and role left unchanged" in told(report, "users")[0][1]
    assert PasswordHistory.objects.filter(user=ann).exists()


def test_of_two_spellings_of_a_name_the_first_is_used(quick_hashers, old, move):
    old.add("users", username="ann", password_hash=scrypt(GOOD))
    old.add("users", username="ANN", password_hash=scrypt("another-horse-battery"))
    report = move()
    assert AppUser.objects.get().username == "ann"
    assert report.of("users").present == 1


@pytest.mark.parametrize("stored", ["plain", "", "sha1$abc$def", "x" * 300, "scrypt:3:8:1$salt$" + "ab" * 64])
def test_a_password_hash_that_cannot_be_read_requires_a_new_password(quick_hashers, old, move, told, stored):
    old.add("users", username="ann", password_hash=stored)
    report = move()
    assert not AppUser.objects.get().has_usable_password()
    assert "manage.py reset_password" in told(report, "users")[0][1]
    assert stored == "" or all(
        stored not in detail for group in report.groups.values() for _, detail in group.examples
    )


@pytest.mark.parametrize(("role", "taken"), [("owner", "social_manager"), (" Admin ", "admin")])
def test_an_unknown_role_gets_the_fewest_permissions(old, move, role, taken):
    old.add("users", username="ann", password_hash=scrypt(GOOD), role=role)
    assert move().of("users").mended == 1
    assert AppUser.objects.get().role == taken


def test_a_name_that_could_not_be_typed_at_the_login_is_fixed(quick_hashers, old, move):
    old.add("users", username=" ann\u2460", password_hash=scrypt(GOOD))
    assert move().of("users").mended == 1
    assert AppUser.objects.get().username == "ann1"


def test_a_user_without_a_name_is_refused(old, move):
    old.add("users", username=" ", password_hash=scrypt(GOOD))
    assert move().of("users").refused == 1
    assert not AppUser.objects.exists()


def test_the_phone_of_a_user_is_reported(old, move, told):
    old.add("users", username="ann", password_hash="plain", phone="+17205550101")
    assert ("fixed", "SMS Admin doesn't keep users' phone numbers: left out") in told(move(), "users")


def test_former_passwords_still_count(quick_hashers, old, move):
    old.add("users", username="ann", password_hash=scrypt(GOOD))
    old.add("user_password_history", user_id=1, password_hash=scrypt("earlier-horse-battery"))
    old.add("user_password_history", user_id=9, password_hash=scrypt("nobodys-horse-battery"))
    report = move()
    client = Client()
    client.force_login(AppUser.objects.get())
    again = {"old_password": GOOD, "new_password1": "earlier-horse-battery", "new_password2": "earlier-horse-battery"}
    page = client.post("/admin/password_change/", again)
    assert "one of your last 3" in page.content.decode()
    assert (report.of("user_password_history").taken, report.of("user_password_history").refused) == (1, 1)


def test_importing_again_finds_the_former_passwords(old, move):
    old.add("users", username="ann", password_hash=scrypt(GOOD))
    old.add("user_password_history", user_id=1, password_hash=scrypt("earlier-horse-battery"))
    move()
    assert move().of("user_password_history").present == 1
    assert PasswordHistory.objects.get().password_hash.startswith("scrypt$")


def test_failed_logins_are_not_imported_and_the_report_says_so(old, move):
    old.add("login_attempts", client_ip="__account__", username="ann", attempt_count=9, locked_until="2999-01-01")
    old.add("login_attempts")
    report = move()
    assert not LoginAttempt.objects.exists()
    assert any("login_attempts (2 rows)" in sentence for sentence in report.left)


def test_security_events_are_imported_under_our_names(old, move):
    old.add("users", username="ann", password_hash="plain")
    old.add("auth_events", event_type="login_success", user_id=1, username="ann", client_ip="203.0.113.7")
    old.add("auth_events", event_type="login", outcome="failed", username="ann", metadata_json='{"tries": 2}')
    old.add("auth_events", event_type="teleported", outcome="success", username="ann", metadata_json="no json \x00")
    move()
    login, failed, other = SecurityEvent.objects.exclude(event_type=Kind.USER_ADDED).order_by("pk")
    assert (login.event_type, login.outcome, login.user.username) == (Kind.LOGIN, "success", "ann")
    assert login.created_at.year == 2024
    assert (failed.event_type, failed.metadata) == (Kind.LOGIN_FAILED, {"tries": 2})
    assert (other.event_type, other.metadata) == ("teleported", {"text": "no json"})


def test_an_impossible_user_name_may_be_a_password_and_is_omitted(old, move):
    old.add("auth_events", event_type="login_failed", outcome="failure", username=GOOD)
    report = move()
    assert SecurityEvent.objects.get().username == "(no such user)"
    assert all(GOOD not in detail for group in report.groups.values() for _, detail in group.examples)


@pytest.mark.parametrize(
    "stored", ['{"a": "\\u0000\\ud800"}', '{"a": NaN, "b": [1e999]}', "[" * 100_000, "7", "null", "{"]
)
def test_no_metadata_makes_the_import_fail(old, move, stored):
    old.add("auth_events", metadata_json=stored)
    assert move().of("auth_events").taken == 1


def test_new_users_are_recorded(old, move):
    old.add("users", username="ann", password_hash="plain", created_at=TIME)
    move()
    assert SecurityEvent.objects.get(event_type=Kind.USER_ADDED).metadata["added_user"] == "ann"
    move()
    assert SecurityEvent.objects.filter(event_type=Kind.USER_ADDED).count() == 1
