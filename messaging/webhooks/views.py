"""What Twilio calls. A request without a genuine signature gets 403 and nothing else.

What cannot be stored is answered with 503. Twilio tries again then, up to three times within 15 seconds, because the
connection overrides in its addresses of us say so. A repeat does no harm, even of what was stored after all: a text
is known by its MessageSid, and a report moves a delivery only forward.
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

# With what a server that hangs adds to it, the answer comes within 10 seconds, and a repeat has time left.
STORED_WITHIN_SECONDS: Final = 6
# A full disk, a lock, a read-only file or server, no connection. Other errors of the database are bugs.
_CANNOT_STORE: Final = (time_limits.TookTooLong, db.OperationalError, db.InterfaceError, db.InternalError, OSError)


def _stored_in_time(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers 503 where the database doesn't take what came in."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with time_limits.at_most(STORED_WITHIN_SECONDS):
                return view(request, *args, **kwargs)
        except _CANNOT_STORE as error:
            reason = (str(error).strip().splitlines() or ["the database took too long"])[0]
            logger.error("A request of Twilio could not be stored (%s: %s).", type(error).__name__, reason)
            response = HttpResponse(status=503)
            # Django would log it a second time.
            setattr(response, "_has_been_logged", True)  # noqa: B010 - the type does not have it
            return response

    return answer


@csrf_exempt
@require_POST
@_stored_in_time
def status(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A delivery report. The id in the address is ours, and SID and number are the text's: together they prove that
    Twilio accepted that delivery. A report on anything else gets the same answer, or Twilio would repeat it."""
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
    """A text that somebody sent us. The answer is TwiML, the same one for a repeat."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    reply = receive.receive(cast(dict[str, str], posted_form(request).dict()))
    report_to = callback_url(reply.delivery_id, get_backend()) if reply.delivery_id else None
    report_to = report_to and report_to + CALLBACK_OVERRIDES
    return HttpResponse(twiml.message(reply.body, report_to), content_type=twiml.CONTENT_TYPE)
