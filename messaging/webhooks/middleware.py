"""Twilio's way past the middlewares that serve people in browsers: it has no session, no user and no language."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from smsadmin.lib import database_health

# Where the project's URLconf includes messaging.webhooks.urls.
PREFIX: Final = "/webhooks/twilio/"
_URLS: Final = "messaging.webhooks.urls"


class AnswerTwilio:
    """Answers webhooks, and leaves every other address to the middlewares after it.

    Twilio makes three or four requests for each text that we send, and the middlewares cost more than the views do.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        try:
            match = resolve(request.path_info[len(PREFIX) - 1 :], _URLS)
        except Resolver404:
            return self.get_response(request)
        database_health.check_quickly()
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers["Content-Length"] = str(len(response.content))
        return response
