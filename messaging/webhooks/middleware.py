"""Answers Twilio's webhooks before the middleware for browsers: they have no session, user or language."""

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
    """Answers webhooks, and passes all other requests on to the middleware after it.

    Twilio makes three or four requests for each text that we send, and the middleware takes longer than the views.
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
