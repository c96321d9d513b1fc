"""The deployment files match the program."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from contacts.imports.lifecycle import MAX_BYTES

ROOT = Path(settings.BASE_DIR)
UNITS = sorted((ROOT / "deploy").glob("*.service"))
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def values(unit, key):
    return re.findall(rf"(?m)^{key}=(.*)$", unit.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_existing_commands(unit):
    for command in values(unit, "ExecStart(?:Pre)?"):
        words = command.split()
        if "manage.py" in words:
            assert words[words.index("manage.py") + 1] in get_commands()
        else:
            assert words[0].endswith("/gunicorn")
            assert words[1] == "smsadmin.wsgi"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_applies_the_migrations_first(unit):
    [before] = values(unit, "ExecStartPre")
    assert before.endswith("manage.py dbdoctor --apply")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_files_written_by_a_unit_are_private_to_its_user(unit):
    assert (values(unit, "UMask"), values(unit, "StateDirectoryMode")) == (["0077"], ["0700"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_no_reload(unit):
    """gunicorn's reload would keep the settings it was started with."""
    assert values(unit, "ExecReload") == []


def test_the_address_of_the_web_server_can_be_set_without_its_whole_command():
    [web] = [unit for unit in UNITS if "web" in unit.name]
    assert values(web, "Environment") == ["BIND=127.0.0.1:8000"]
    assert values(web, "ExecStart")[0].endswith("--bind ${BIND}")
    assert "Environment=BIND=" in (ROOT / "docs" / "deployment.md").read_text()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_each_unit(unit, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    here = tmp_path / unit.name
    python = shutil.which("python3")
    text = re.sub(r"(?m)^(ExecStart|ExecStartPre)=\S+", rf"\1={python}", unit.read_text())
    here.write_text(text.replace("User=sms-admin", "User=root").replace("Group=sms-admin", "Group=root"))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    assert [line for line in ended.stderr.splitlines() if unit.name in line] == []


def test_the_proxy_passes_on_what_the_site_needs_and_nothing_that_a_client_made_up():
    for header in ("Host $host", "X-Forwarded-Proto $scheme", "X-Forwarded-For $remote_addr"):
        assert f"proxy_set_header {header};" in NGINX


def test_the_proxys_log_has_no_query_strings():
    """Neither the request's nor the referrer's: staff search by phone number."""
    [form] = re.findall(r"log_format smsadmin (.*?);", NGINX, re.DOTALL)
    assert set(re.findall(r"\$(\w+)", form)).isdisjoint(
        {"request", "request_uri", "args", "query_string", "http_referer"}
    )
    servers = NGINX.count("\nserver {")
    assert len(re.findall(r"access_log \S+ smsadmin;", NGINX)) == servers
    assert len(re.findall(r"error_log \S+ crit;", NGINX)) == servers


def test_the_proxy_lets_monitors_through():
    assert "deny" not in NGINX


def test_the_proxy_lets_the_longest_import_through():
    [megabytes] = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(megabytes) * 1024**2 > MAX_BYTES


def test_the_urls_to_configure_at_twilio_exist():
    text = (ROOT / "docs" / "deployment.md").read_text()
    for path in set(re.findall(r"https://sms\.example\.org(/webhooks/[\w/]+)", text)):
        assert resolve(path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_work(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_on_a_page_exist(page):
    named = set(re.findall(r"manage\.py ([a-z][a-z_]+)", page.read_text()))
    assert named <= {*get_commands(), "COMMAND"}


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]]
    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


def test_the_settings_on_the_deployment_page_can_be_copied_unchanged():
    """A # after a value would become part of it."""
    lines = re.findall(r"(?m)^    [A-Z_]+=.*$", (ROOT / "docs" / "deployment.md").read_text())
    assert len(lines) > 10
    assert [line for line in lines if "#" in line] == []
