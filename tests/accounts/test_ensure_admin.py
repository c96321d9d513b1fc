import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AppUser
from accounts.roles import Role

GOOD = "correct-horse-battery"


@pytest.fixture
def ensure_admin(db, capsys):
    """Run the command; what it printed."""

    def run():
        call_command("ensure_admin")
        return capsys.readouterr().out

    return run


@pytest.fixture(autouse=True)
def no_environment(settings):
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "admin", ""


def test_the_first_admin_gets_a_password_that_is_shown_once(ensure_admin):
    shown = re.search(r"^Password: (\S+)$", ensure_admin(), re.MULTILINE)[1]
    user = AppUser.objects.get()
    assert (user.username, user.role, user.is_active) == ("admin", Role.ADMIN, True)
    assert user.check_password(shown)
    assert len(shown) >= 16


def test_a_name_and_a_password_of_the_environment_are_taken(ensure_admin, settings):
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "ann", GOOD
    assert GOOD not in ensure_admin()
    user = AppUser.objects.get()
    assert user.username == "ann"
    assert user.check_password(GOOD)


def test_the_first_admin_can_log_in(ensure_admin, settings, client):
    settings.ADMIN_PASSWORD = GOOD
    ensure_admin()
    client.post("/admin/login/", {"username": "ADMIN", "password": GOOD})
    assert client.get("/admin/accounts/appuser/add/").status_code == 200


def test_where_there_is_a_user_nothing_happens(ensure_admin, make_user):
    make_user(username="sam", role=Role.SOCIAL_MANAGER)
    assert ensure_admin() == ""
    assert AppUser.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "password", "variable", "reason"),
    [
        ("admin", "short", "ADMIN_PASSWORD", "at least 12 characters"),
        ("administration", "administration", "ADMIN_PASSWORD", "too similar"),
        ("two words", GOOD, "ADMIN_USERNAME", "valid username"),
        ("x" * 81, "", "ADMIN_USERNAME", "at most 80 characters"),
    ],
)
def test_a_name_or_password_against_the_rules_is_refused(ensure_admin, settings, name, password, variable, reason):
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = name, password
    with pytest.raises(CommandError, match=f"{variable} can't be used: .*{reason}"):
        ensure_admin()
    assert not AppUser.objects.exists()
