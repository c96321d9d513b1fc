"""Security headers of every response, including errors."""

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from django.urls import include, path

from smsadmin import urls


def explode(request):
    raise RuntimeError("This is only a test.")


handler400, handler500 = urls.handler400, urls.handler500
urlpatterns = [path("explode", explode), path("", include(urls))]


@pytest.fixture
def answers(admin_client, manager_client, settings):
    """A response of each kind."""
    settings.ROOT_URLCONF = __name__
    forgiving = Client(raise_request_exception=False)
    return {
        "login": lambda: Client().get("/admin/login/"),
        "page": lambda: admin_client.get("/admin/"),
        "redirect": lambda: Client().get("/admin/"),
        "download": lambda: admin_client.get("/admin/contacts/communitymember/export/"),
        "400": lambda: Client().get("/", headers={"host": "elsewhere.example"}),
        "403": lambda: manager_client.get("/admin/accounts/appuser/"),
        "404": lambda: Client().get("/nothing-here"),
        "500": lambda: forgiving.get("/explode"),
    }


KINDS = ("login", "page", "redirect", "download", "400", "403", "404", "500")


@pytest.mark.parametrize("kind", KINDS)
def test_every_response_forbids_unneeded_features(answers, kind):
    headers = answers[kind]().headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_debug_pages_keep_their_inline_styles(answers, settings):
    settings.DEBUG = True
    assert "Content-Security-Policy" not in answers["500"]().headers
    assert "Content-Security-Policy" in answers["page"]().headers


def test_pages_and_downloads_are_not_kept_by_browsers(answers):
    for kind in ("page", "download"):
        assert "no-store" in answers[kind]().headers["Cache-Control"]


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(make_user):
    make_user(username="lee", password="a-password-for-tests-only")
    client = Client()
    client.post("/admin/login/", {"username": "lee", "password": "a-password-for-tests-only", "next": "/admin/"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.cookies["csrftoken"]["samesite"] == "Lax"


APPS = ("accounts", "contacts", "messaging", "surveys", "smsadmin")
SCRIPTS = sorted(script for app in APPS for script in Path(project.BASE_DIR, app, "static").rglob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_automatic_requests_have_the_poll_header(script):
    """Otherwise it would keep the session of someone who has left alive."""
    for call in re.findall(r"\bfetch\(.*?\);", script.read_text(), re.DOTALL):
        is_clicked = "link.href" in call
        assert is_clicked or "X-Poll" in call or "method: 'POST'" in call
