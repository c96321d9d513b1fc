import io

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client

from accounts import roles
from accounts.models import AppUser
from accounts.roles import Role
from accounts.security_events import Kind, SecurityEvent

USERS = "/admin/accounts/appuser/"
GOOD = "correct-horse-battery"
OTHER = "staple-of-the-battery"


def errors_of(response):
    """The messages beside the fields and above the form."""
    form = response.context["adminform"].form
    return " ".join(str(message) for messages in form.errors.values() for message in messages)


@pytest.fixture
def ben(make_user):
    return make_user(username="ben", password=GOOD, role=Role.SOCIAL_MANAGER)


def add(client, **fields):
    data = {"username": "ben", "password1": GOOD, "password2": GOOD, "role": Role.SOCIAL_MANAGER, **fields}
    return client.post(f"{USERS}add/", data)


def test_a_user_is_added_and_can_log_in(admin_client):
    assert add(admin_client).status_code == 302
    user = AppUser.objects.get(username="ben")
    assert (user.role, user.is_active) == (Role.SOCIAL_MANAGER, True)
    assert Client().login(username="ben", password=GOOD)


def test_sign_in_details_are_shown_once_to_be_copied_and_without_the_password(admin_client, settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    page = admin_client.get(add(admin_client, must_change_password="on").url).content.decode()
    details = page.partition('<pre id="sign-in-details">')[2].partition("</pre>")[0]
    assert details.splitlines() == [
        "Sign in: https://sms.example.org/admin/",
        "Username: ben",
        "Password: the one you were given. You choose your own when you first sign in.",
    ]
    assert 'data-copies="sign-in-details" hidden>Copy sign-in details</button>' in page
    assert GOOD not in page
    assert "sign-in-details" not in admin_client.get(f"{USERS}add/").content.decode()


def test_the_name_in_the_sign_in_details_is_escaped_and_a_kept_password_stays(admin_client, settings):
    settings.PUBLIC_BASE_URL = ""
    page = admin_client.get(add(admin_client, username="a+b@c").url).content.decode()
    assert "Sign in: http://testserver/admin/\nUsername: a+b@c\nPassword: the one you were given.</pre>" in page


def test_the_form_for_a_new_user_offers_the_lesser_role_first(admin_client):
    form = admin_client.get(f"{USERS}add/").context["adminform"].form
    assert form.initial["role"] == Role.SOCIAL_MANAGER
    assert "usable_password" not in form.fields


def test_a_user_who_never_logged_in_has_no_last_login(admin_client, ben):
    for address in (USERS, f"{USERS}{ben.pk}/change/"):
        assert "None" not in admin_client.get(address).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "ANN"}, "A user with that name already exists."),
        ({"username": "two words"}, "Enter a valid username"),
        ({"username": "x" * 81}, "at most 80 characters"),
        ({"password2": OTHER}, "didn’t match"),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password1": "", "password2": ""}, "This field is required."),
        ({"role": "owner"}, "Select a valid choice"),
    ],
)
def test_a_user_against_the_rules_is_refused(admin_client, fields, sentence):
    response = add(admin_client, **fields)
    assert response.status_code == 200
    assert sentence in errors_of(response)
    assert not AppUser.objects.filter(username="ben").exists()


def test_a_users_role_is_changed(admin_client, ben):
    assert admin_client.get(f"{USERS}{ben.pk}/change/").status_code == 200
    admin_client.post(f"{USERS}{ben.pk}/change/", {"username": "ben", "role": Role.ADMIN, "is_active": "on"})
    ben.refresh_from_db()
    assert ben.role == Role.ADMIN
    assert ben.check_password(GOOD)


def test_a_user_who_left_cannot_log_in(admin_client, ben):
    admin_client.post(f"{USERS}{ben.pk}/change/", {"username": "ben", "role": Role.SOCIAL_MANAGER})
    assert not Client().login(username="ben", password=GOOD)


def test_an_admin_sets_anothers_password(admin_client, ben):
    address = f"{USERS}{ben.pk}/password/"
    assert b"unset-password" not in admin_client.get(address).content
    assert admin_client.post(address, {"password1": OTHER, "password2": OTHER}).status_code == 302
    assert Client().login(username="ben", password=OTHER)


def test_an_empty_password_is_not_set(admin_client, ben):
    response = admin_client.post(f"{USERS}{ben.pk}/password/", {"password1": "", "password2": ""})
    assert response.status_code == 200
    assert response.content.count(b"This field is required.") == 2


def test_a_password_cannot_be_taken_away_by_a_made_up_request(admin_client, ben):
    data = {"usable_password": "false", "unset-password": "1", "password1": "", "password2": ""}
    admin_client.post(f"{USERS}{ben.pk}/password/", data)
    assert Client().login(username="ben", password=GOOD)


def test_a_user_changes_their_own_password(ben):
    client = Client()
    client.force_login(ben)
    data = {"old_password": GOOD, "new_password1": OTHER, "new_password2": OTHER}
    assert client.post("/admin/password_change/", data).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert Client().login(username="ben", password=OTHER)


@pytest.mark.parametrize("page", ["", "add/", "{pk}/change/", "{pk}/password/", "{pk}/delete/", "{pk}/history/"])
def test_a_social_manager_is_refused_the_users(manager_client, ben, page):
    assert manager_client.get(USERS + page.format(pk=ben.pk)).status_code == 403


@pytest.mark.parametrize("page", ["add/", "{pk}/change/", "{pk}/password/", "{pk}/delete/"])
def test_a_social_manager_cannot_post_there_either(manager_client, ben, page):
    address = USERS + page.format(pk=ben.pk)
    data = {"username": "eve", "password1": OTHER, "password2": OTHER, "role": Role.ADMIN, "post": "yes"}
    assert manager_client.post(address, data).status_code == 403
    ben.refresh_from_db()
    assert ben.check_password(GOOD)


def test_a_user_is_deleted_after_a_confirmation(admin_client, ben):
    address = f"{USERS}{ben.pk}/delete/"
    assert admin_client.get(address).status_code == 200
    admin_client.post(address, {"post": "yes"})
    assert not AppUser.objects.filter(pk=ben.pk).exists()


def test_names_are_unique_whatever_their_case(make_user):
    make_user(username="ann")
    with pytest.raises(IntegrityError):
        make_user(username="Ann")


def test_the_name_may_be_typed_in_any_case(make_user):
    make_user(username="Ann", password=GOOD)
    assert Client().login(username="aNN", password=GOOD)


def test_createsuperuser_makes_an_admin(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    assert AppUser.objects.get(username="root").is_admin


def test_an_inactive_user_may_do_nothing(make_user):
    user = make_user(role=Role.ADMIN, is_active=False)
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.has_perm("accounts.view_appuser")
    assert not user.has_module_perms("accounts")


def test_an_unknown_role_holds_no_permission():
    assert not roles.is_allowed("janitor", "contacts.view_communitymember")
    assert not roles.may_enter("janitor", "contacts")


def test_each_permission_of_a_role_exists(db):
    existing = {
        f"{app}.{codename}" for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    named = set().union(*roles.PERMISSIONS.values()) - roles.EVERYTHING
    assert named <= existing


def test_djangos_own_commands_for_users_are_security_events(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    monkeypatch.setattr("getpass.getpass", lambda **_: GOOD[::-1])
    call_command("changepassword", "root", stdout=io.StringIO())
    kinds = SecurityEvent.objects.order_by("pk").values_list("event_type", flat=True)
    assert list(kinds) == [Kind.USER_ADDED, Kind.PASSWORD_CHANGED]
    assert Client().login(username="root", password=GOOD[::-1])
