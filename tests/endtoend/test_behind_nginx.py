"""The site behind a real nginx, with deploy/nginx.conf unchanged except for names, ports and paths."""

import json
import re
import shutil
import ssl
import subprocess
from contextlib import closing
from http.client import HTTPSConnection
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests import twilio_standin
from tests.messaging.inbound.inbound_texts import FORM, PATH, form
from tests.processes import ROOT, free_port, installation, is_listening, wait_until
from tests.twilio_standin import AUTH_TOKEN

pytestmark = pytest.mark.slow

PHONE = "+17205550123"
MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/main.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("There is no openssl")
    folder = tmp_path_factory.mktemp("certificate")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    files = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run([*command, "-out", str(files[0]), "-keyout", str(files[1])], check=True, capture_output=True)
    return files


class Proxied:
    def __init__(self, site, folder, port, certificate):
        self.site, self.folder, self.port = site, folder, port
        self._context = ssl.create_default_context(cafile=str(certificate))

    def ask(self, path, data=None, **headers):
        """(status, body) of the response to a request through the proxy."""
        with closing(HTTPSConnection("localhost", self.port, timeout=20, context=self._context)) as connection:
            connection.request("POST" if data else "GET", path, data, {"Content-Type": FORM, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def logs(self):
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def proxied(tmp_path, certificate):
    if not shutil.which("nginx"):
        pytest.skip("There is no nginx")
    port, plain = free_port(), free_port()
    conf = (ROOT / "deploy" / "nginx.conf").read_text()
    address = f"https://localhost:{port}"
    with installation(
        tmp_path,
        **twilio_standin.environment(free_port()),
        PUBLIC_BASE_URL=address,
        TRUSTED_PROXIES="127.0.0.1",
        ALLOWED_HOSTS="localhost",
    ) as site:
        for old, new in (
            ("127.0.0.1:8000", f"127.0.0.1:{site.port}"),
            ("sms.example.org;", "localhost;"),
            ("/etc/letsencrypt/live/sms.example.org/", f"{certificate[0].parent}/"),
            ("/var/log/nginx/", f"{tmp_path}/"),
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("listen 80", f"listen 127.0.0.1:{plain}"),
        ):
            assert old in conf
            conf = conf.replace(old, new)
        (tmp_path / "site.conf").write_text(re.sub(r"(?m)^ *listen \[::\].*\n", "", conf))
        main = tmp_path / "nginx.conf"
        main.write_text(MAIN.format(folder=tmp_path))
        subprocess.run(["nginx", "-t", "-c", str(main)], check=True, capture_output=True)
        site.start_web()
        with subprocess.Popen(["nginx", "-c", str(main)], stderr=subprocess.DEVNULL) as nginx:
            try:
                wait_until(lambda: is_listening(port), 20, "nginx")
                yield Proxied(site, tmp_path, port, certificate[0])
            finally:
                nginx.terminate()


def test_a_signed_text_comes_through(proxied):
    fields = form(PHONE, "Hello")
    signature = RequestValidator(AUTH_TOKEN).compute_signature(f"https://localhost:{proxied.port}{PATH}", fields)
    status, body = proxied.ask(PATH, urlencode(fields).encode(), **{"X-Twilio-Signature": signature})
    assert (status, "<Response>" in body) == (200, True)
    assert proxied.site.query("SELECT body FROM inbox_messages") == [("Hello",)]
    assert proxied.ask(PATH, urlencode(fields).encode(), **{"X-Twilio-Signature": "made up"})[0] == 403


def test_a_monitor_is_answered(proxied):
    assert proxied.ask("/health") == (200, '{"status": "ok"}')
    status, body = proxied.ask("/health/ready")
    assert status == 503
    # The request comes from this machine, as the proxy says.
    assert not json.loads(body)["checks"]["worker"]["ok"]


def test_too_many_health_requests_get_a_429(proxied):
    assert 429 in {proxied.ask("/health")[0] for _ in range(30)}


def test_no_log_contains_what_staff_search_for(proxied):
    search = f"/admin/login/?q={PHONE.removeprefix('+')}"
    assert proxied.ask(search, Referer=f"https://localhost:{proxied.port}{search}")[0] == 200
    for process in proxied.site.processes:
        proxied.site.stop(process)
    assert proxied.ask(search)[0] == 502
    wait_until(lambda: '" 502 ' in proxied.logs(), 5, "the log")
    assert '"GET /admin/login/ HTTP/1.1" 200' in proxied.logs()
    assert PHONE.removeprefix("+") not in proxied.logs() + proxied.site.log.read_text()
