"""The error pages that Django renders without a request: in practice mode, they too say that no texts are sent."""

import logging

from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseServerError
from django.template import loader

from messaging.backends import get_backend

logger = logging.getLogger(__name__)

LAST_RESORT = (
    "<!doctype html><html lang=en><title>Something went wrong | SMS Admin</title>"
    "<h1>Something went wrong</h1><p>The details are in the log."
    '<p><a href="/">Back to Home</a></html>'
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBadRequest:
    return HttpResponseBadRequest(_render("400.html"))


def server_error(request: HttpRequest) -> HttpResponseServerError:
    return HttpResponseServerError(_render("500.html"))


def _render(template_name: str) -> str:
    """The page, from the template alone: whatever failed before may fail again."""
    try:
        return loader.render_to_string(template_name, {"is_simulated": get_backend().is_simulated})
    except Exception:
        logger.exception("The error page %s could not be rendered either.", template_name)
        return LAST_RESORT
