"""A staff member with a browser without JavaScript, who signs in, reads pages and clicks their buttons."""

import re
import urllib.request
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import urlencode

USERNAME, PASSWORD = "ann", "a-password-for-tests-only"
MAKE_ADMIN = f"from accounts.models import AppUser; AppUser.objects.create_user({USERNAME!r}, {PASSWORD!r})"


class Staff:
    """`html` is the last page read, `address` its address."""

    def __init__(self, site, address):
        site.run("shell", "-v", "0", "-c", MAKE_ADMIN)
        self.site_address = self.address = address
        self.html = ""
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.read("/admin/login/")
        self.post("/admin/login/", username=USERNAME, password=PASSWORD)
        assert "Log out" in self.html

    def read(self, path):
        return self._ask(path, None)

    def post(self, path="", **fields):
        """Post to `path`, or to the page itself, with the hidden fields of its forms; returns the next page."""
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.html)
        values = {unescape(name): unescape(value) for name, value in hidden}
        return self._ask(path or self.address, urlencode(values | fields).encode())

    def _ask(self, path, data):
        address = path if path.startswith("http") else self.site_address + path
        with self.opener.open(address, data, timeout=30) as answer:
            self.html, self.address = answer.read().decode(), answer.url
        return self.html

    def send_to_community(self, body):
        """Write a blast and send it; returns the address of its page."""
        self.read("/admin/messaging/messagelog/compose/")
        self.post(message_body=body, to="community")
        return self.confirm()

    def confirm(self):
        """Click Send on the review page; returns the address of the blast's page."""
        assert self.address.endswith("/confirm/"), self.address
        self.post()
        assert self.address.endswith("/change/"), self.html
        return self.address.removesuffix("change/")

    def retry(self, blast, whom="failed"):
        """Click Resend on a blast's page and send; returns the new blast's address."""
        self.read(f"{blast}change/")
        assert f"retry/{whom}/" in self.html
        self.post(f"{blast}retry/{whom}/")
        return self.confirm()
