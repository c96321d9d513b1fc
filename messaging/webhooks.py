"""What Twilio calls. A request without a genuine signature gets 403 and nothing else."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import callbacks
from .signatures import is_genuine


@csrf_exempt
@require_POST
def status(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A delivery report. The id in the address is ours: the report proves that Twilio accepted that delivery."""
    if not is_genuine(request):
        return HttpResponse(status=403)
    code = request.POST.get("ErrorCode", "")
    callbacks.apply(
        delivery_id,
        request.POST.get("MessageSid", "")[:64],
        request.POST.get("MessageStatus", ""),
        int(code) if code.isascii() and code.isdigit() and len(code) <= 9 else None,
    )
    return HttpResponse(status=204)
