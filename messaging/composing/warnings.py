"""What staff should think about before they send, though nothing forbids it."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import ngettext

from smsadmin.lib import dates

from ..models import MessageLog
from ..text import formatting
from ..text.encoding import Forcing
from ..text.personalization import takes_replies
from .link_shorteners import find_shorteners
from .preview import UCS2_HOLDS, Preview

LONG_FROM: Final = 4
REPEATED_WITHIN: Final = timedelta(hours=24)


def cautions(preview: Preview) -> list[str]:
    """Sentences, the weightiest first."""
    sentences = []
    if repeated := find_repeated(preview):
        by = f" by {repeated.created_by}" if repeated.created_by else ""
        sentences.append(
            f"The same text went to {repeated.audience_name} on {dates.moment(repeated.created_at)}{by}. "
            "If you send it again, people get it twice."
        )
    sentences += text_cautions(preview)
    if preview.forcing:
        sentences.append(_forcing_sentence(preview.forcing))
    if preview.names_sentence:
        sentences.append(preview.names_sentence)
    if preview.estimate and preview.estimate.longest >= LONG_FROM:
        sentences.append(
            f"This is a long text: up to {formatting.segments(preview.estimate.longest)} for each person. "
            "Each segment is billed."
        )
    return sentences


def text_cautions(preview: Preview) -> list[str]:
    """Of `cautions`, what is said of the words while they are typed."""
    sentences = []
    if not takes_replies():
        sentences.append(
            f"Nobody can reply to “{settings.TWILIO_FROM_NUMBER}”, so nobody can text STOP. Say in the text how else "
            "people can opt out."
        )
    if domains := find_shorteners(preview.body):
        sentences.append(_shorteners_sentence(domains))
    return sentences


def find_repeated(preview: Preview) -> MessageLog | None:
    """The latest blast of the same text to the same list in the last 24 hours.

    Tests neither repeat nor count, and a retry goes only to those who have not got it.
    """
    audience = preview.audience
    if audience.test_phone is not None or audience.retry_of is not None:
        return None
    logs = MessageLog.objects.filter(
        created_at__gte=timezone.now() - REPEATED_WITHIN,
        target=audience.target,
        event=audience.event,
        message_body=preview.body,
        test_mode=False,
    )
    return logs.select_related("created_by").order_by("-pk").first()


def _shorteners_sentence(domains: list[str]) -> str:
    named = get_text_list(domains, "and")
    sentence = ngettext("%s is a public link shortener", "%s are public link shorteners", len(domains))
    return f"{sentence % named}: carriers often block texts with such links. Use the full address instead."


def _forcing_sentence(forcing: tuple[Forcing, ...]) -> str:
    characters = get_text_list([f"“{found.character}”" for found in forcing[:5]], "and")
    sentence = ngettext("%s makes this a UCS-2 text", "%s make this a UCS-2 text", len(forcing))
    return f"{sentence % characters}: {UCS2_HOLDS}"
