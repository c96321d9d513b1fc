"""Every page has our name and the practice-mode banner, and error pages link back."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.urls import include, path

from messaging import backends
from smsadmin import errors, urls

BANNER = "no texts are really sent"


def explode(request):
    raise RuntimeError("This is only a test.")


handler400, handler500 = urls.handler400, urls.handler500
urlpatterns = [path("explode", explode), path("form", lambda request: HttpResponse()), path("", include(urls))]


@pytest.fixture
def simulated(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    yield
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    backends.reset()


@pytest.fixture
def with_trouble(settings):
    """Our URLs, and one that fails."""
    settings.ROOT_URLCONF = __name__


def page(response, status):
    assert response.status_code == status
    return response.content.decode()


@pytest.fixture
def visit(request, admin_client, manager_client):
    """The page for each kind of visit."""
    forgiving = Client(raise_request_exception=False)
    strict = Client(enforce_csrf_checks=True)

    def in_trouble(client, method, address, status):
        request.getfixturevalue("with_trouble")
        return page(client.generic(method, address), status)

    return {
        "login": lambda: page(Client().get("/admin/login/"), 200),
        "index": lambda: page(admin_client.get("/admin/"), 200),
        "list": lambda: page(admin_client.get("/admin/accounts/appuser/"), 200),
        "popup": lambda: page(admin_client.get("/admin/accounts/appuser/add/?_popup=1"), 200),
        "logged out": lambda: page(admin_client.post("/admin/logout/"), 200),
        "400": lambda: page(Client().get("/", headers={"host": "elsewhere.example"}), 400),
        "403": lambda: page(manager_client.get("/admin/accounts/appuser/"), 403),
        "403 csrf": lambda: in_trouble(strict, "POST", "/form", 403),
        "404": lambda: page(Client().get("/nothing-here"), 404),
        "500": lambda: in_trouble(forgiving, "GET", "/explode", 500),
    }


PAGES = ("login", "index", "list", "popup", "logged out", "400", "403", "403 csrf", "404", "500")
ERRORS = ("400", "403", "403 csrf", "404", "500")


@pytest.mark.parametrize("kind", PAGES)
def test_practice_mode_is_announced_on_every_page(simulated, visit, kind):
    assert visit[kind]().count(BANNER) == 1


@pytest.mark.parametrize("kind", PAGES)
def test_a_sending_backend_announces_nothing(visit, kind):
    assert BANNER not in visit[kind]()


@pytest.mark.parametrize("kind", PAGES)
def test_every_page_has_our_name_and_icon(visit, kind):
    content = visit[kind]()
    assert re.search(r"<title>\s*\S.*SMS Admin\s*</title>", content)
    assert "smsadmin/favicon.svg" in content


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_page_leads_back(visit, kind):
    assert 'href="/admin/"' in visit[kind]()


def test_a_refusal_shows_its_reason(rf, manager_client, with_trouble):
    template = engines["django"].get_template("403.html")
    assert "Ask Ann &amp; Bob." in template.render({"exception": "Ask Ann & Bob."}, rf.get("/"))


def test_an_error_page_appears_even_when_templates_fail(monkeypatch, rf, caplog):
    def fail(*_):
        raise ValueError("no manifest")

    monkeypatch.setattr(errors.loader, "render_to_string", fail)
    response = errors.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"Something went wrong" in response.content
    assert "could not be rendered" in caplog.text


def test_the_root_redirects_to_the_home_page(client):
    assert client.get("/").headers["location"] == "/admin/"


def test_djangos_groups_are_not_offered(admin_client):
    assert b"/admin/auth/" not in admin_client.get("/admin/").content


def test_templates_have_no_inline_script_style_or_handler():
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=")
    sources = {path: path.read_text() for path in Path(project.BASE_DIR, "templates").rglob("*.html")}
    assert sources
    assert {path: inline.findall(source) for path, source in sources.items() if inline.search(source)} == {}


def test_a_change_log_shows_the_zone_of_its_times(admin_client, admin_user):
    LogEntry.objects.log_actions(admin_user.pk, [admin_user], CHANGE, "Role changed.", single_object=True)
    LogEntry.objects.update(action_time=datetime(2026, 7, 4, 18, 30, tzinfo=UTC))
    page = admin_client.get(f"/admin/accounts/appuser/{admin_user.pk}/history/")
    assert "Jul 4, 2026, 12:30 PM MDT" in page.text
