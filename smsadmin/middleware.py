"""Security headers, refusal of unusable requests, and session timeouts."""

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from smsadmin.lib import database_file

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Allows only our own origin, and nothing inline. Also names the directives of Content Security Policy Level 3 (W3C)
# that default-src doesn't cover. We need no django-csp, because there are no nonces or exceptions.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY: Final = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)

# Sent by pages with automatic requests, which aren't user activity.
POLL_HEADER: Final = "X-Poll"
# Precision of the last activity, to avoid writing the session on each click.
SLIDE_SECONDS: Final = 60
SEEN_AT: Final = "seen_at"


class ContentSecurity:
    """Adds the policies that Django 5.2 has no settings for. Must be outermost, to cover error pages too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # Django's debug pages have inline styles and scripts.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class RefuseLostDatabase:
    """Returns a 503 for everything once the database file is gone, because writes to the open file would be lost.

    Twilio then retries, or uses its fallback URL.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not database_file.is_gone():
            return self.get_response(request)
        return HttpResponse(
            "The database file is gone, so nothing can be shown or saved. Stop SMS Admin and restore a backup.",
            status=503,
            content_type="text/plain",
        )


class RefuseNul:
    """Returns a 400 for a URL or cookie with a NUL character, which no page needs and PostgreSQL can't store."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("There is a NUL character in the address.")
        # A quoted cookie can contain any character as an octal escape.
        if any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("There is a NUL character in a cookie.")
        return self.get_response(request)


class IdleTimeout:
    """Ends a session SESSION_COOKIE_AGE seconds after the user's last activity.

    Django counts from the last change of the session, so activity changes it, at most once in SLIDE_SECONDS. A page's
    automatic requests (POLL_HEADER) don't count, or they would keep the session alive forever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session and POLL_HEADER not in request.headers:
            now = int(time.time())
            if not 0 <= now - request.session.get(SEEN_AT, 0) < SLIDE_SECONDS:
                request.session[SEEN_AT] = now
        return self.get_response(request)
