"""Log lines about refused requests."""

import io
import logging

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import include, path
from django.utils.module_loading import import_string

from smsadmin import urls

REFUSALS = {
    "permission": PermissionDenied("No."),
    "suspicious": SuspiciousOperation("No."),
    "bad": BadRequest("No."),
    "broken": RuntimeError("This is only a test."),
}


def refuse(request, how):
    raise REFUSALS[how]


handler400, handler500 = urls.handler400, urls.handler500
urlpatterns = [path("refuse/<how>", refuse), path("", include(urls))]


@pytest.fixture
def written(settings):
    """The lines that a request logs, with the handler from the settings."""
    settings.ROOT_URLCONF = __name__
    lines = io.StringIO()
    made = settings.LOGGING["handlers"]["console"]
    handler = logging.StreamHandler(lines)
    line = settings.LOGGING["formatters"][made["formatter"]]
    handler.setFormatter(logging.Formatter(line["format"], style=line["style"]))
    for name in made["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())

    def ask(address, client=None, method="get", **how):
        getattr(client or Client(raise_request_exception=False), method)(address, **how)
        return lines.getvalue().splitlines()

    root = logging.getLogger()
    root.addHandler(handler)
    yield ask
    root.removeHandler(handler)


@pytest.mark.parametrize("how", ["permission", "suspicious", "bad"])
def test_a_refusal_is_one_line(written, how):
    assert len(written(f"/refuse/{how}")) == 1


@pytest.mark.parametrize("is_debugging", [False, True])
def test_an_unknown_host_is_one_line(written, settings, is_debugging):
    settings.DEBUG = is_debugging
    [line] = written("/admin/", headers={"host": "elsewhere.example"})
    assert "elsewhere.example" in line


def test_a_bad_signature_is_one_line(db, written):
    assert len(written("/webhooks/twilio/inbound", method="post")) == 1


def test_a_form_without_its_token_is_one_line(written):
    assert len(written("/admin/login/", Client(enforce_csrf_checks=True), "post")) == 1


def test_a_forbidden_page_is_one_line(written, manager_client):
    assert len(written("/admin/accounts/appuser/", manager_client)) == 1


def test_an_address_with_a_line_break_is_one_line(written):
    [line] = written("/nothing%0a2026-01-01 ERROR here")
    assert "ERROR here" in line


def test_an_error_of_ours_keeps_its_traceback(written):
    lines = written("/refuse/broken")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "RuntimeError: This is only a test."
