"""What every answer carries and every session keeps to."""

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

# Everything from our own address, nothing inline. Of Content Security Policy Level 3 (W3C), what default-src does
# not cover is named. django-csp would add nonces and exceptions, of which there is none here.
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

# Pages send it with what they fetch by themselves, again and again, without anybody doing anything.
POLL_HEADER: Final = "X-Poll"
# How exactly the last activity is known: a write to the session for each click would be one too many.
SLIDE_SECONDS: Final = 60
SEEN_AT: Final = "seen_at"


class ContentSecurity:
    """The policies that Django 5.2 has no setting for, on every answer: the outermost middleware sees errors too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # Django's page for developers has its style and script inline.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class RefuseLostDatabase:
    """Answers 503 to everything once the database's file is gone: what is still open is read and written in vain.

    Twilio is told to try again, or to use its fallback.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not database_file.is_gone():
            return self.get_response(request)
        return HttpResponse(
            "The database's file is gone: nothing can be shown or saved. Stop SMS Admin and restore a backup.",
            status=503,
            content_type="text/plain",
        )


class RefuseNul:
    """Answers 400 to an address or a cookie with a NUL character, which no page needs and PostgreSQL fails with."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("There is a NUL character in the address.")
        # In quotes, a cookie may hold any character as an octal number.
        if any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("There is a NUL character in a cookie.")
        return self.get_response(request)


class IdleTimeout:
    """Lets a session last for SESSION_COOKIE_AGE seconds from the last activity of its user.

    Django counts from the last change of the session, so that activity changes it: at most once in SLIDE_SECONDS,
    and never for a request that a page makes by itself (POLL_HEADER), which would keep it alive for ever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session and POLL_HEADER not in request.headers:
            now = int(time.time())
            if not 0 <= now - request.session.get(SEEN_AT, 0) < SLIDE_SECONDS:
                request.session[SEEN_AT] = now
        return self.get_response(request)
