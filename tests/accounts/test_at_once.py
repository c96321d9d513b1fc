"""Many requests at the same moment, through a running web server with two processes, on both databases."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest

from tests.processes import installation, postgres_database

pytestmark = pytest.mark.slow

GOOD, WRONG = "correct-horse-battery", "wrong-horse-battery"
TOKEN = "a" * 32
MAKE_USERS = (
    f"from accounts.models import AppUser\nfor name in ('ann', 'ben'): AppUser.objects.create_user(name, {GOOD!r})"
)


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path):
    """A web server with the admins ann and ben; `site.count_hashes()` tells how many passwords it has looked at."""
    counted = tmp_path / "hashes"
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.accounts.counting_settings",
        "HASHES_COUNTED": str(counted),
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with ExitStack() as stack:
        url = stack.enter_context(postgres_database()) if request.param == "postgres" else ""
        site = stack.enter_context(installation(tmp_path, url, **environment))
        site.run("shell", "-v", "0", "-c", MAKE_USERS)
        site.start_web(workers=2, threads=8)
        site.count_hashes = lambda: len(counted.read_bytes())
        yield site


def post(site, path, data, address="192.0.2.1", session=""):
    """A form posted by a browser at that address: (status, cookies)."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={TOKEN}; sessionid={session}",
        "X-Forwarded-For": address,
    }
    try:
        connection.request("POST", path, urlencode({**data, "csrfmiddlewaretoken": TOKEN}), headers)
        response = connection.getresponse()
        response.read()
        return response.status, response.headers.get_all("Set-Cookie") or []
    finally:
        connection.close()


def log_in(site, username="ann", password=WRONG, address="192.0.2.1"):
    """The session, "" where the login was refused."""
    status, cookies = post(site, "/admin/login/", {"username": username, "password": password}, address)
    assert status in (200, 302)
    sessions = [cookie.split(";")[0].partition("=")[2] for cookie in cookies if cookie.startswith("sessionid=")]
    return sessions[0] if status == 302 else ""


def all_at_once(function, arguments, threads):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda one: function(**one), arguments))


def test_of_two_hundred_guesses_at_once_five_are_looked_at(site):
    before = site.count_hashes()
    by_name = [{"site": site, "address": f"203.0.113.{number}"} for number in range(1, 201)]
    assert not any(all_at_once(log_in, by_name, threads=50))
    assert site.count_hashes() - before == 5

    before = site.count_hashes()
    by_address = [{"site": site, "username": f"user{number}"} for number in range(1, 201)]
    assert not any(all_at_once(log_in, by_address, threads=50))
    assert site.count_hashes() - before == 5

    assert not log_in(site, "ann", GOOD, address="192.0.2.99")
    assert not log_in(site, "ben", GOOD, address="192.0.2.1")
    assert log_in(site, "ben", GOOD, address="192.0.2.99")


def test_logins_of_ones_own_at_the_same_time_free_no_guess_at_another(site):
    """Both are known at that address."""
    assert log_in(site, "ann", GOOD)
    assert log_in(site, "ben", GOOD)
    before = site.count_hashes()
    guesses = [{"site": site}] * 4 + [{"site": site, "username": "ben", "password": GOOD}]
    answers = all_at_once(log_in, guesses * 20, threads=25)
    right = sum(map(bool, answers))
    assert site.count_hashes() - before - right <= 5
    assert not log_in(site, "ann", GOOD)


def test_two_admins_who_demote_or_delete_each_other_at_once_leave_one(site):
    (ann,), (ben,) = site.query("SELECT id FROM users ORDER BY username")
    sessions = {ann: log_in(site, "ann", GOOD), ben: log_in(site, "ben", GOOD)}
    assert all(sessions.values())
    together = threading.Barrier(2)

    def act(actor, path, data):
        together.wait()
        return post(site, path, data, session=sessions[actor])[0]

    def count_admins():
        return site.query("SELECT count(*) FROM users WHERE role = 'admin' AND is_active")[0][0]

    def demote(actor, other, name):
        data = {"username": name, "role": "social_manager", "is_active": "on"}
        return {"actor": actor, "path": f"/admin/accounts/appuser/{other}/change/", "data": data}

    for _ in range(15):
        all_at_once(act, [demote(ann, ben, "ben"), demote(ben, ann, "ann")], threads=2)
        assert count_admins() == 1
        site.query("UPDATE users SET role = 'admin'")

    def delete(actor, other):
        return {"actor": actor, "path": f"/admin/accounts/appuser/{other}/delete/", "data": {"post": "yes"}}

    all_at_once(act, [delete(ann, ben), delete(ben, ann)], threads=2)
    assert count_admins() == 1
