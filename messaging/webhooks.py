"""What Twilio calls. A request without a genuine signature gets 403 and nothing else."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import callbacks, inbound, twiml
from .backends import get_backend
from .backends.base import CALLBACK_OVERRIDES
from .sending import callback_url
from .signatures import is_genuine, posted_form


@csrf_exempt
@require_POST
def status(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A delivery report. The id in the address is ours, and SID and number are the text's: together they prove that
    Twilio accepted that delivery. A report on anything else gets the same answer, or Twilio would repeat it."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    form = posted_form(request)
    code = form.get("ErrorCode", "")
    callbacks.apply(
        delivery_id,
        inbound.storable(form.get("MessageSid") or form.get("SmsSid", ""))[:64],
        form.get("MessageStatus", ""),
        int(code) if code.isascii() and code.isdigit() and len(code) <= 9 else None,
        to=form.get("To", ""),
    )
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def inbound_text(request: HttpRequest) -> HttpResponse:
    """A text that somebody sent us. The answer is TwiML, the same one for a repeat."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    reply = inbound.receive(cast(dict[str, str], posted_form(request).dict()))
    report_to = callback_url(reply.delivery_id, get_backend()) if reply.delivery_id else None
    report_to = report_to and report_to + CALLBACK_OVERRIDES
    return HttpResponse(twiml.message(reply.body, report_to), content_type=twiml.CONTENT_TYPE)
