"""How many passwords may be tried, and what somebody sees who tried too many."""

import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts import login_limits
from accounts.backends import LimitedBackend
from accounts.models import AppUser, KnownAddress, LoginAttempt
from accounts.roles import Role
from smsadmin.tasks import clean_up

GOOD = "correct-horse-battery"
WRONG = "wrong-horse-battery"
HOME, OFFICE, STRANGE = "192.0.2.10", "192.0.2.20", "198.51.100.66"
# 15:02:30 in Denver, where the tests' site is.
BEGIN = datetime(2026, 6, 1, 21, 2, 30, tzinfo=UTC)


@pytest.fixture
def ann(make_user):
    return make_user(username="ann", password=GOOD)


@pytest.fixture
def wait(monkeypatch):
    """Let that much time pass. Until then the clock stands still at BEGIN."""
    now = [BEGIN]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now[0])

    def run(**duration):
        now[0] += timedelta(**duration)

    return run


def log_in(username="ann", password=WRONG, address=STRANGE):
    data = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post("/admin/login/", data)


def fail(times, username="ann", address=STRANGE):
    """What that many wrong passwords leave behind, without the page that says so."""
    request = RequestFactory(REMOTE_ADDR=address).post("/admin/login/")
    for _ in range(times):
        assert authenticate(request, username=username, password=WRONG) is None


def is_in(response):
    return response.status_code == 302


def said(response):
    return " ".join(response.context["form"].non_field_errors())


def addresses():
    """25 of them."""
    return [f"203.0.113.{number}" for number in range(1, 26)]


def find_counter(client_ip, username):
    return LoginAttempt.objects.filter(client_ip=client_ip, username=username).first()


# An address ---------------------------------------------------------------------------------------------------


def test_five_failures_lock_the_address_even_for_the_right_password(ann, wait):
    fail(5, username="nobody")
    assert not is_in(log_in(password=GOOD))
    wait(minutes=10, seconds=1)
    assert is_in(log_in(password=GOOD))


def test_four_failures_lock_nothing(ann, wait):
    fail(4)
    assert is_in(log_in(password=GOOD))


def test_who_is_locked_sees_when_to_try_again(ann, wait):
    fail(4)
    assert said(log_in()) == "Too many failed sign-ins. Try again at 3:13 PM MDT, or ask an admin to unlock you."


def test_a_time_of_tomorrow_comes_with_its_date(ann, wait):
    wait(hours=8, minutes=50)
    fail(4)
    assert "Try again at Jun 2, 2026, 12:03 AM MDT" in said(log_in())


def test_more_guesses_do_not_make_a_lock_longer(ann, wait):
    fail(5)
    wait(minutes=9)
    fail(5)
    wait(minutes=1, seconds=1)
    assert is_in(log_in(password=GOOD))


def test_failures_further_apart_lock_nothing(ann, wait):
    for _ in range(10):
        fail(1)
        wait(seconds=76)
    assert is_in(log_in(password=GOOD))


def test_the_window_slides(ann, wait):
    fail(1)
    wait(minutes=4, seconds=50)
    fail(3)
    wait(seconds=20)
    fail(2)
    assert not is_in(log_in(password=GOOD))


def test_a_success_resets_the_count(ann, wait):
    for _ in range(3):
        fail(4)
        assert is_in(log_in(password=GOOD))


def test_another_address_is_not_locked(ann, wait):
    fail(5, username="nobody")
    assert is_in(log_in(password=GOOD, address=HOME))


def test_the_numbers_are_settings(ann, wait, settings):
    settings.LOGIN_MAX_FAILURES, settings.LOGIN_WINDOW_MINUTES, settings.LOGIN_LOCK_MINUTES = 2, 1, 3
    fail(1)
    wait(seconds=61)
    fail(1)
    assert is_in(log_in(password=GOOD))
    fail(2)
    wait(minutes=2, seconds=59)
    assert not is_in(log_in(password=GOOD))
    wait(seconds=2)
    assert is_in(log_in(password=GOOD))


def test_all_addresses_of_one_ipv6_customer_are_one(ann, wait):
    for number in range(5):
        fail(1, username=f"nobody{number}", address=f"2001:db8:0:7::{number}")
    assert not is_in(log_in(password=GOOD, address="2001:db8:0:7:ffff::1"))
    assert is_in(log_in(password=GOOD, address="2001:db8:0:8::1"))


def test_behind_a_trusted_proxy_the_address_that_it_names_is_locked(ann, wait, settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.1")]

    def log_in_through_proxy(password, address):
        client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"1.1.1.1, {address}"})
        return client.post("/admin/login/", {"username": "ann", "password": password})

    for number in range(5):
        login_limits.take_guess(STRANGE, f"nobody{number}")
    assert not is_in(log_in_through_proxy(GOOD, STRANGE))
    assert is_in(log_in_through_proxy(GOOD, HOME))


def test_a_header_that_no_proxy_wrote_changes_nothing(ann, wait):
    for number in range(5):
        client = Client(REMOTE_ADDR=STRANGE, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        client.post("/admin/login/", {"username": "nobody", "password": WRONG})
    assert not is_in(log_in(password=GOOD))


# A user name --------------------------------------------------------------------------------------------------


def test_many_addresses_do_not_help(ann, wait):
    for address in addresses()[:5]:
        fail(1, address=address)
    assert not is_in(log_in(password=GOOD, address=STRANGE))
    wait(minutes=10, seconds=1)
    assert is_in(log_in(password=GOOD, address=STRANGE))


@pytest.mark.parametrize("spelling", ["ANN", "Ann", " ann ", "\uff41nn"])
def test_other_spellings_of_a_name_are_counted_as_the_same(ann, wait, spelling):
    for address in addresses()[:5]:
        fail(1, username=spelling, address=address)
    assert not is_in(log_in(password=GOOD))


def test_a_stranger_does_not_lock_a_user_out_where_they_have_logged_in_before(ann, wait):
    assert is_in(log_in(password=GOOD, address=HOME))
    for address in addresses():
        fail(1, address=address)
        if address.endswith("0"):
            wait(minutes=11)
    assert not is_in(log_in(password=GOOD, address=OFFICE))
    assert is_in(log_in(password=GOOD, address=HOME))


def test_a_login_where_the_user_is_known_does_not_unlock_the_name_for_strangers(ann, wait):
    assert is_in(log_in(password=GOOD, address=HOME))
    for address in addresses()[:5]:
        fail(1, address=address)
    assert is_in(log_in(password=GOOD, address=HOME))
    assert not is_in(log_in(password=GOOD, address=STRANGE))


def test_where_the_user_is_known_no_more_than_five_guesses_are_free_either(ann, wait):
    assert is_in(log_in(password=GOOD, address=HOME))
    fail(5, address=HOME)
    assert not is_in(log_in(password=GOOD, address=HOME))


def test_logging_in_does_not_reset_guesses_at_other_names(ann, wait, make_user, monkeypatch):
    """Both work at the same address, where ann is known."""
    make_user(username="ben", password=GOOD)
    assert is_in(log_in(password=GOOD, address=HOME))
    looked_at = []
    check = AppUser.check_password
    monkeypatch.setattr(
        AppUser, "check_password", lambda user, raw: looked_at.append(user.username) or check(user, raw)
    )
    for _ in range(12):
        fail(4, address=HOME)
        log_in("ben", GOOD, address=HOME)
    assert looked_at.count("ann") == 5


@pytest.mark.parametrize("spelling", ["ANN", " ann", "ann ", "\uff41nn", "aNn"])
def test_where_the_user_is_known_other_spellings_are_counted_as_the_same(ann, wait, spelling):
    assert is_in(log_in(password=GOOD, address=HOME))
    fail(4, address=HOME)
    assert find_counter(HOME, "ann").attempt_count == 4
    fail(1, username=spelling, address=HOME)
    assert login_limits.find_lock(HOME, "ann")


def test_a_success_leaves_what_was_counted_for_others_at_its_address(ann, wait, make_user):
    make_user(username="ben", password=GOOD)
    fail(2, username="ann")
    wait(seconds=1)
    fail(2, username="ben")
    assert is_in(log_in("ben", GOOD))
    assert find_counter(STRANGE, "").attempt_count == 2
    assert find_counter(LoginAttempt.ACCOUNT, "ann").attempt_count == 2
    assert find_counter(LoginAttempt.ACCOUNT, "ben") is None


def test_a_success_with_the_last_guess_that_is_free_locks_nobody(ann, wait, make_user):
    fail(4, username="nobody")
    wait(seconds=1)
    assert is_in(log_in(password=GOOD))
    assert login_limits.find_lock(STRANGE, "somebody") is None
    fail(1, username="somebody")
    assert login_limits.find_lock(STRANGE, "somebody")


def test_where_a_user_is_known_their_name_is_counted_apart_and_as_strictly(ann, wait):
    assert is_in(log_in(password=GOOD, address=HOME))
    fail(5, address=HOME)
    login_limits.unlock_address(HOME)
    fail(3, address=HOME)
    assert (find_counter(HOME, "ann").attempt_count, find_counter(HOME, "").attempt_count) == (3, 3)
    LoginAttempt.objects.filter(username="").delete()
    fail(2, address=HOME)
    assert not is_in(log_in(password=GOOD, address=HOME))
    assert find_counter(LoginAttempt.ACCOUNT, "ann") is None


def test_one_who_is_known_at_an_address_does_not_make_others_known_there(ann, wait, make_user):
    make_user(username="ben", password=GOOD)
    assert is_in(log_in(password=GOOD, address=HOME))
    fail(1, username="ben", address=HOME)
    assert find_counter(LoginAttempt.ACCOUNT, "ben").attempt_count == 1


def test_an_address_is_known_for_thirty_days(ann, wait):
    assert is_in(log_in(password=GOOD, address=HOME))
    wait(days=30)
    for address in addresses()[:5]:
        fail(1, address=address)
    assert not is_in(log_in(password=GOOD, address=HOME))


# Names that nobody has ----------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_is_answered_alike(ann, wait):
    for _ in range(7):
        known, unknown = log_in("ann", address=HOME), log_in("bob", address=OFFICE)
        assert said(known) == said(unknown)
        assert known.status_code == unknown.status_code
    assert "Too many" in said(known)


def test_a_name_that_nobody_has_is_locked_alike_over_all_addresses(ann, wait):
    for address in addresses()[:5]:
        fail(1, username="ann", address=address)
        fail(1, username="bob", address=address)
    assert said(log_in("ann", address=HOME)) == said(log_in("bob", address=OFFICE))


@pytest.mark.parametrize("failures", [0, 3, 6])
def test_a_name_that_nobody_has_asks_the_database_the_same(ann, wait, failures):
    def statements(username, address):
        fail(failures, username=username, address=address)
        with CaptureQueriesContext(connection) as captured:
            log_in(username, address=address)
        return [re.sub(r" (WHERE|VALUES|SET) .*|(?<=SAVEPOINT ).*", "", query["sql"]) for query in captured]

    known, unknown = statements("ann", HOME), statements("bob", OFFICE)
    assert known == unknown


def test_an_inactive_user_is_answered_as_nobody(make_user, wait):
    make_user(username="ann", password=GOOD, is_active=False)
    assert said(log_in(password=GOOD, address=HOME)) == said(log_in("bob", address=OFFICE))


# Other ways in ------------------------------------------------------------------------------------------------


def test_the_old_password_cannot_be_guessed_in_an_open_session(ann, wait):
    client = Client(REMOTE_ADDR=HOME)
    client.force_login(ann)

    def change(old):
        data = {"old_password": old, "new_password1": "staple-of-the-horse", "new_password2": "staple-of-the-horse"}
        return client.post("/admin/password_change/", data)

    for _ in range(4):
        assert "entered incorrectly" in change(WRONG).context["form"].errors["old_password"][0]
    assert "Try again at 3:13 PM MDT" in change(WRONG).context["form"].errors["old_password"][0]
    assert change(GOOD).status_code == 200
    ann.refresh_from_db()
    assert ann.check_password(GOOD)


def test_changing_a_password_does_not_reset_guesses_at_other_names(ann, wait, make_user):
    ben = make_user(username="ben", password=GOOD)
    client = Client(REMOTE_ADDR=HOME)
    client.force_login(ben)
    fail(4, address=HOME)
    wait(seconds=1)
    new = {"new_password1": "staple-of-the-horse", "new_password2": "staple-of-the-horse"}
    assert client.post("/admin/password_change/", {"old_password": GOOD, **new}).status_code == 302
    fail(1, address=HOME)
    assert login_limits.find_lock(HOME, "ann")


def test_whatever_asks_for_a_password_without_a_request_is_limited_by_name(ann, wait):
    for _ in range(5):
        assert authenticate(username="ann", password=WRONG) is None
    assert authenticate(username="ann", password=GOOD) is None


def test_locked_guesses_are_refused_before_the_password_is_looked_at(ann, wait, monkeypatch):
    fail(5)
    monkeypatch.setattr(AppUser, "check_password", lambda *_: pytest.fail("looked at"))
    monkeypatch.setattr(AppUser, "set_password", lambda *_: pytest.fail("hashed"))
    assert not is_in(log_in(password=GOOD))


def test_a_guess_counts_before_it_is_checked(ann, wait, monkeypatch):
    seen = []
    monkeypatch.setattr(
        AppUser, "check_password", lambda *_: seen.append(LoginAttempt.objects.get(username="ann").attempt_count)
    )
    fail(2)
    assert seen == [1, 2]


# Afterwards ---------------------------------------------------------------------------------------------------


def test_what_no_longer_counts_is_deleted(ann, wait):
    log_in(password=GOOD, address=HOME)
    fail(5)
    fail(1, username="bob", address=OFFICE)
    wait(minutes=9)
    clean_up()
    assert LoginAttempt.objects.filter(locked_until__isnull=False).count() == 2
    wait(minutes=2)
    clean_up()
    assert not LoginAttempt.objects.exists()
    assert KnownAddress.objects.count() == 1
    wait(days=31)
    clean_up()
    assert not KnownAddress.objects.exists()


def test_the_address_of_a_deleted_user_is_forgotten(ann, wait):
    log_in(password=GOOD, address=HOME)
    ann.delete()
    assert not KnownAddress.objects.exists()


@given(st.text(max_size=200))
def test_a_name_fits_its_column_however_it_is_spelled(name):
    assert len(login_limits.key_of(name)) <= 80
    assert login_limits.key_of(name) == login_limits.key_of(name.upper()) or not name.isascii()


@given(st.ip_addresses())
def test_each_address_is_in_its_own_network(address):
    assert len(login_limits.network_of(str(address))) <= 45


def test_logging_in_without_a_target_leads_to_the_home_page(ann):
    assert log_in(password=GOOD).headers["Location"] == "/admin/"


# Unlocking ----------------------------------------------------------------------------------------------------

USERS, ATTEMPTS = "/admin/accounts/appuser/", "/admin/accounts/loginattempt/"


@pytest.fixture
def locked(ann, wait):
    """The name ann is locked, and so is the address STRANGE."""
    for address in addresses()[:5]:
        fail(1, address=address)
    for number in range(5):
        login_limits.take_guess(STRANGE, f"nobody{number}")
    return ann


@pytest.fixture
def root(make_user):
    client = Client()
    client.force_login(make_user(username="root"))
    return client


def act(client, page, pks):
    return client.post(page, {"action": "unlock", "_selected_action": pks}, follow=True)


def test_an_admin_unlocks_a_user(locked, root):
    response = act(root, USERS, [locked.pk])
    assert "1 lock was lifted." in response.content.decode()
    assert is_in(log_in(password=GOOD, address=OFFICE))


def test_an_admin_unlocks_an_address(locked, root):
    page = root.get(ATTEMPTS).content.decode()
    assert f"Address {STRANGE}" in page
    assert "User name ann" in page
    act(root, ATTEMPTS, list(LoginAttempt.objects.filter(client_ip=STRANGE).values_list("pk", flat=True)))
    assert login_limits.find_lock(STRANGE, "bob") is None
    assert login_limits.find_lock(STRANGE, "ann")


def test_nothing_else_is_done_to_what_was_counted(locked, root):
    pk = LoginAttempt.objects.first().pk
    for page in ("add/", f"{pk}/delete/"):
        assert root.get(ATTEMPTS + page).status_code == 403
    assert root.post(f"{ATTEMPTS}{pk}/change/", {"attempt_count": 0}).status_code == 403


@pytest.mark.parametrize("page", [USERS, ATTEMPTS])
def test_a_social_manager_unlocks_nobody(locked, make_user, page):
    client = Client()
    client.force_login(make_user(role=Role.SOCIAL_MANAGER))
    assert client.get(page).status_code == 403
    assert act(client, page, [locked.pk]).status_code == 403
    assert login_limits.find_lock(HOME, "ann")


def test_the_backend_says_by_an_exception_that_nothing_was_looked_at(locked):
    request = RequestFactory(REMOTE_ADDR=STRANGE).post("/admin/login/")
    with pytest.raises(PermissionDenied):
        LimitedBackend().authenticate(request, "ann", GOOD)


def test_a_backend_without_a_password_looks_at_nothing(db):
    assert LimitedBackend().authenticate(None, token="x") is None


def test_a_lock_lasts_no_longer_where_the_clock_is_set_back(ann, wait):
    fail(5)
    assert not is_in(log_in(password=GOOD))
    wait(hours=-1)
    assert login_limits.list_locks() == []
    assert is_in(log_in(password=GOOD))


def test_failures_before_the_clock_was_set_back_do_not_count_for_longer(ann, wait):
    fail(4)
    wait(hours=-1)
    fail(4)
    assert is_in(log_in(password=GOOD))
