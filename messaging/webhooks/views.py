"""The webhooks that Twilio calls. A request without a genuine signature gets a 403.

If a request can't be stored, it gets a 503. Twilio then retries up to three times within 15 seconds, as the
connection overrides in our webhook URLs ask it to. Repeats are harmless, even if the first request was stored after
all: a text is identified by its MessageSid, and a report only moves a delivery forward.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from django import db
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from smsadmin.lib import time_limits

from ..backends import get_backend
from ..backends.base import CALLBACK_OVERRIDES
from ..inbound import receive
from ..sending import status_callbacks
from ..sending.dispatch import callback_url
from . import twiml
from .signatures import is_genuine, posted_form

logger = logging.getLogger(__name__)

# Even if the database hangs, which adds to this, the answer comes within 10 seconds, which leaves time for a retry.
STORED_WITHIN_SECONDS: Final = 6
# A full disk, a lock, a read-only file or server, no connection. Other database errors are bugs.
_CANNOT_STORE: Final = (time_limits.TookTooLong, db.OperationalError, db.InterfaceError, db.InternalError, OSError)


def _stored_in_time(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Returns a 503 if the database can't store the request in time."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with time_limits.at_most(STORED_WITHIN_SECONDS):
                return view(request, *args, **kwargs)
        except _CANNOT_STORE as error:
            reason = (str(error).strip().splitlines() or ["the database took too long"])[0]
            logger.error("A request of Twilio could not be stored (%s: %s).", type(error).__name__, reason)
            response = HttpResponse(status=503)
            # Keeps Django from logging it a second time.
            setattr(response, "_has_been_logged", True)  # noqa: B010 - the type does not have it
            return response

    return answer


@csrf_exempt
@require_POST
@_stored_in_time
def status(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A delivery report. Our id in the URL, together with the text's SID and number, proves that Twilio accepted that
    delivery. Other reports get the same answer, so that Twilio doesn't repeat them."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    form = posted_form(request)
    code = form.get("ErrorCode", "")
    status_callbacks.apply(
        delivery_id,
        receive.storable(form.get("MessageSid") or form.get("SmsSid", ""))[:64],
        form.get("MessageStatus", ""),
        int(code) if code.isascii() and code.isdigit() and len(code) <= 9 else None,
        to=form.get("To", ""),
    )
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
@_stored_in_time
def inbound_text(request: HttpRequest) -> HttpResponse:
    """An inbound text. The answer is TwiML, and a repeat gets the same one."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    reply = receive.receive(cast(dict[str, str], posted_form(request).dict()))
    report_to = callback_url(reply.delivery_id, get_backend()) if reply.delivery_id else None
    report_to = report_to and report_to + CALLBACK_OVERRIDES
    return HttpResponse(twiml.message(reply.body, report_to), content_type=twiml.CONTENT_TYPE)
