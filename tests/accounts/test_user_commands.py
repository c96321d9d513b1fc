"""What operators do about users at a prompt."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import login_limits
from accounts.models import AppUser, LoginAttempt
from accounts.roles import Role

STRANGE = "198.51.100.66"


@pytest.fixture
def run(db, capsys):
    """Run a command; what it printed."""

    def call(*arguments):
        call_command(*arguments)
        return capsys.readouterr().out

    return call


def shown_password(printed):
    return re.search(r"^Password: (\S+)$", printed, re.MULTILINE)[1]


def test_an_admin_is_created_with_a_password_for_the_first_login(run):
    password = shown_password(run("create_admin", "zoe"))
    user = AppUser.objects.get(username="zoe")
    assert (user.role, user.must_change_password) == (Role.ADMIN, True)
    assert Client().login(username="zoe", password=password)


@pytest.mark.parametrize(
    ("name", "reason"), [("SAM", "already exists"), ("two words", "valid username"), ("", "blank")]
)
def test_an_admin_of_a_wrong_name_is_not_created(run, make_user, name, reason):
    make_user(username="sam")
    with pytest.raises(CommandError, match=f"was not created: .*{reason}"):
        run("create_admin", name)
    assert AppUser.objects.count() == 1


def test_a_password_is_reset(run, make_user):
    user = make_user(username="sam", password="correct-horse-battery")
    client = Client()
    client.force_login(user)
    password = shown_password(run("reset_password", "SAM"))
    assert client.get("/admin/").status_code == 302
    assert client.login(username="sam", password=password)
    assert client.get("/admin/").headers["Location"] == "/admin/password_change/"


def test_a_reset_lifts_the_lock_of_the_name(run, make_user):
    make_user(username="sam")
    lock("sam")
    run("reset_password", "sam")
    assert login_limits.find_lock("", "sam") is None


def test_a_reset_of_an_inactive_user_says_that_they_cannot_log_in(run, make_user):
    make_user(username="sam", is_active=False)
    assert "sam is not active and can't sign in" in run("reset_password", "sam")


def test_a_reset_of_nobody_names_those_there_are(run, make_user):
    make_user(username="sam")
    with pytest.raises(CommandError, match=r"There is no user 'bob'\. Users: sam\. To create"):
        run("reset_password", "bob")


def test_a_reset_of_nobody_names_some_of_many(run, make_user):
    for number in range(12):
        make_user(username=f"user{number:02}")
    with pytest.raises(CommandError, match="user09, and more"):
        run("reset_password", "bob")


def test_a_reset_without_users_says_so(run):
    with pytest.raises(CommandError, match="There are no users yet"):
        run("reset_password", "bob")


# unlock -------------------------------------------------------------------------------------------------------


def lock(name, address=""):
    for number in range(5):
        login_limits.take_guess(address, f"{name}{number}" if address else name)


def test_a_name_is_unlocked(run, make_user):
    make_user(username="sam")
    lock("sam")
    assert run("unlock", "Sam") == "1 lock was lifted.\n"
    assert not LoginAttempt.objects.exists()


@pytest.mark.parametrize("address", [STRANGE, "2001:db8::5"])
def test_an_address_is_unlocked(run, address):
    lock("x", address)
    assert run("unlock", address) == "1 lock was lifted.\n"
    assert login_limits.find_lock(address, "y") is None


def test_everything_is_unlocked(run):
    lock("sam")
    lock("x", STRANGE)
    assert run("unlock", "--all") == "2 locks were lifted.\n"
    assert not LoginAttempt.objects.exists()


def test_without_a_name_the_locks_are_listed(run):
    assert run("unlock") == "Nothing is locked.\n"
    lock("sam")
    lock("x", STRANGE)
    listed = run("unlock")
    assert re.search(r"^User name sam until .* M[SD]T$", listed, re.MULTILINE)
    assert re.search(rf"^Address {STRANGE} until .* M[SD]T$", listed, re.MULTILINE)


def test_a_name_that_is_not_locked_is_no_error(run, make_user):
    make_user(username="sam")
    assert run("unlock", "sam").startswith("Nothing was locked.")


def test_a_locked_name_that_nobody_has_is_unlocked(run):
    lock("bob")
    assert run("unlock", "bob") == "1 lock was lifted.\n"


def test_who_is_not_locked_while_an_address_is_sees_what_is(run, make_user):
    make_user(username="sam")
    lock("x", STRANGE)
    said = run("unlock", "sam")
    assert said.startswith("sam was not locked.\nStill locked (lift with manage.py unlock NAME or ADDRESS):\n")
    assert f"\nAddress {STRANGE} until " in said
    assert "Nothing was locked" not in said
    assert login_limits.find_lock(STRANGE, "sam")


def test_an_unlocked_name_comes_with_what_is_still_locked(run, make_user):
    make_user(username="sam")
    for _ in range(5):
        login_limits.take_guess(STRANGE, "sam")
    said = run("unlock", "sam")
    assert said.startswith("1 lock was lifted.\nStill locked")
    assert f"Address {STRANGE} until" in said


def test_a_name_is_unlocked_where_its_user_is_known_too(run, make_user):
    login_limits.remember(STRANGE, make_user(username="sam"))
    for _ in range(5):
        login_limits.take_guess(STRANGE, "sam")
    assert re.search(rf"^User name sam at {STRANGE} until ", run("unlock"), re.MULTILINE)
    assert run("unlock", "sam").startswith("1 lock was lifted.")
    assert run("unlock", STRANGE) == "1 lock was lifted.\n"
    assert login_limits.find_lock(STRANGE, "sam") is None


@pytest.mark.parametrize("address", [STRANGE, "2001:db8::5", "::ffff:198.51.100.7", "unknown"])
def test_an_address_is_unlocked_as_it_is_listed(run, address):
    lock("x", address)
    listed = re.search(r"^Address (\S+) until ", run("unlock"), re.MULTILINE)[1]
    assert run("unlock", listed) == "1 lock was lifted.\n"
    assert run("unlock") == "Nothing is locked.\n"


def test_a_name_that_looks_like_an_address_is_unlocked_too(run, make_user):
    make_user(username="10.0.0.1")
    lock("10.0.0.1")
    assert run("unlock", "10.0.0.1") == "1 lock was lifted.\n"


def test_how_names_are_counted_is_not_a_name_to_unlock(run, make_user):
    make_user(username="sam")
    lock("sam")
    with pytest.raises(CommandError, match="There is no user"):
        run("unlock", LoginAttempt.ACCOUNT)
    assert login_limits.find_lock("", "sam")


def test_a_user_whose_name_is_under_attack_is_let_in_from_a_new_address(run, make_user):
    make_user(username="sam", password="correct-horse-battery")
    printed = run("unlock", "sam", "--from", STRANGE)
    assert f"For 30 days, sam can sign in from {STRANGE}" in printed
    lock("sam")
    assert login_limits.find_lock(STRANGE, "sam") is None
    assert login_limits.find_lock("192.0.2.1", "sam")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bob"], "There is no user or lock named 'bob'"),
        (["bob", "--from", STRANGE], "There is no user 'bob'"),
        (["sam", "--from", "home"], "'home' is not an IP address"),
        (["--from", STRANGE], "unlock NAME --from ADDRESS"),
        ([STRANGE, "--from", STRANGE], "needs a user name"),
        (["sam", "--all"], "only one of them"),
    ],
)
def test_what_cannot_be_unlocked_is_reported(run, make_user, arguments, sentence):
    make_user(username="sam")
    with pytest.raises(CommandError, match=sentence):
        run("unlock", *arguments)
