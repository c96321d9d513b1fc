"""Requests that no browser makes, sent over real sockets to our servers."""

import socket

import pytest

from tests.processes import free_port, installation, is_listening, wait_until

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
CODECS = (
    "hex",
    "rot13",
    "zlib",
    "idna",
    "undefined",
    "utf-16",
    "utf-7",
    "punycode",
    "unicode_escape",
    "no-such",
    "\x01",
)
PART = (
    "--B\r\nContent-Disposition: form-data; name*={codec}''%41\r\nContent-Type: text/plain; charset={codec}\r\n"
    "Content-Transfer-Encoding: {codec}\r\n\r\nHi\r\n--B--\r\n"
)


def ask(port, path, headers, body="", method="GET"):
    """The status of the response to a request with exactly these header lines."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))
        answer = connection.makefile("rb").readline().split()
    return int(answer[1]) if len(answer) > 1 else 0


def odd_requests():
    """The arguments of `ask` after the port."""
    for codec in CODECS:
        for path in ("/admin/login/?q=a%2BAAA-b", "/webhooks/twilio/inbound?a=b", "/nothing?a=b", "/health?a=b"):
            yield path, [f"Content-Type: text/plain; charset={codec}"]
            yield path, [f"Content-Type: text/plain; charset*={codec}''%41%00"]
        for path in ("/admin/login/", "/webhooks/twilio/inbound", "/webhooks/twilio/status/1?a=b"):
            yield path, [f"Content-Type: {FORM}; charset={codec}"], "username=a&password=b", "POST"
            multipart = f"Content-Type: multipart/form-data; boundary=B; charset={codec}"
            yield path, [multipart], PART.format(codec=codec), "POST"
        yield "/admin/", [f"Accept: text/html; q*={codec}''%41"]
    for name in ("SCRIPT_NAME", "SCRIPT-NAME", "PATH_INFO", "PATH-INFO", "REMOTE_ADDR", "QUERY_STRING", "wsgi.input"):
        for value in ("/elsewhere", "/admin", "", "%00"):
            yield "/admin/login/", [f"{name}: {value}"]
    yield "/admin/", ['Cookie: sessionid="\\000abcdefgh"; csrftoken="\\000"']
    yield "/admin/", ["X-Forwarded-Proto: https"]
    yield "/admin/", ["X-Forwarded-For: " + "1," * 500]
    yield "/admin/login/", [f"Content-Type: {FORM}; charset=iso-8859-1"], "username=\xe4", "POST"


@pytest.fixture
def site(tmp_path):
    with installation(tmp_path) as made:
        yield made


@pytest.fixture(params=["gunicorn", "development server"])
def port(request, site):
    if request.param == "gunicorn":
        site.start_web(workers=1)
        return site.port
    port = free_port()
    site.start("manage.py", "runserver", "--noreload", str(port))
    wait_until(lambda: is_listening(port), 30, "the development server")
    return port


def test_no_request_causes_a_server_error_and_each_refusal_is_one_line(site, port):
    answers = {str(request): ask(port, *request) for request in odd_requests()}
    assert {asked: status for asked, status in answers.items() if not 200 <= status < 500} == {}
    assert "Traceback" not in site.log.read_text()


def test_a_header_does_not_move_the_site(site):
    site.start_web(workers=1)
    assert ask(site.port, "/admin/login/", ["SCRIPT_NAME: /admin"]) == 200
    assert ask(site.port, "/nothing", ["PATH_INFO: /admin/login/"]) == 404
