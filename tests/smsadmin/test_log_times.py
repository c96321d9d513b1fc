"""Log lines have UTC times, whichever process writes them and whatever zone staff see."""

import logging
import re
import subprocess
import sys

import pytest

from smsadmin.log_times import LINE, UtcFormatter
from tests.processes import ROOT, children, installation, is_listening, wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_a_line_starts_with_the_utc_time():
    record = logging.makeLogRecord({"created": 1796000000.25, "levelname": "INFO", "name": "smsadmin", "msg": "Hi"})
    assert UtcFormatter(LINE, style="{").format(record) == "2026-11-30T00:53:20.250Z INFO smsadmin Hi"


@pytest.mark.slow
def test_every_logger_writes_such_lines():
    code = (
        "import django, logging; django.setup()\n"
        "for name in ('smsadmin.worker.main', 'django.request', 'django-q'): logging.getLogger(name).error('Hello')"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "smsadmin.settings",
        "SECRET_KEY": "x",
        "ALLOWED_HOSTS": "localhost",
        "APP_TIMEZONE": "America/Denver",
        "DATABASE_URL": "sqlite:///:memory:",
        "ENV_FILE": "",
    }
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    assert [line for line in lines if not re.fullmatch(rf"{TIME} ERROR \S+ Hello", line)] == []


@pytest.mark.slow
def test_the_web_server_and_the_worker_write_the_same_lines(tmp_path):
    with installation(tmp_path) as site:
        web = site.start("-m", "gunicorn", "smsadmin.wsgi", "--bind", f"127.0.0.1:{site.port}")
        worker = site.start("manage.py", "worker")
        wait_until(lambda: is_listening(site.port) and len(children(worker.pid)) >= 3, 30, "both")
        for process in (web, worker):
            site.stop(process)
        lines = site.log.read_text().splitlines()
    assert any("gunicorn" in line for line in lines)
    assert any("smsadmin.worker.main" in line for line in lines)
    assert [line for line in lines if not re.match(rf"{TIME} [A-Z]+ [\w.-]+ ", line)] == []
