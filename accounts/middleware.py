"""Shows times in the organization's zone, and forces a password change at login."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from . import organization

# The change itself, logging out, and what these pages load.
OPEN: Final = frozenset({"admin:password_change", "admin:logout", "admin:jsi18n"})


class LocalTimes:
    """Shows and reads local times in the organization's zone, on staff pages.

    It stays until the thread's next one: a download is written after the view has returned.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.resolver_match and "admin" in request.resolver_match.namespaces:
            organization.use_zone()


class ForcedPasswordChange:
    """Redirects a user with `must_change_password` from every page to the change page until it is done.

    Requests from scripts get a 403 instead, because they couldn't use the page. No view runs in the meantime.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        if not getattr(request.user, "must_change_password", False):
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN:
            return None
        if is_fetched(request):
            return JsonResponse({"error": "Choose a new password first, on the Change password page."}, status=403)
        return HttpResponseRedirect(reverse("admin:password_change"))


def is_fetched(request: HttpRequest) -> bool:
    """Whether a script made the request rather than a person (Fetch Metadata, W3C; in all browsers since 2023)."""
    return (
        request.headers.get("Sec-Fetch-Dest") == "empty"
        or "X-Poll" in request.headers
        or not request.accepts("text/html")
    )
