"""Warnings before sending, which don't prevent it."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import ngettext

from smsadmin.lib import dates

from ..models import MessageLog
from ..text import formatting
from ..text.personalization import takes_replies
from .link_shorteners import find_shorteners
from .preview import Preview

LONG_FROM: Final = 4
REPEATED_WITHIN: Final = timedelta(hours=24)


def cautions(preview: Preview) -> list[str]:
    """Sentences, the most important first."""
    forcing = [preview.forcing_sentence] if preview.forcing_sentence else []
    return [*pre_send_cautions(preview), *forcing]


def pre_send_cautions(preview: Preview) -> list[str]:
    """The `cautions` apart from that about costly characters, which the review page offers to remove."""
    sentences = []
    if repeated := find_repeated(preview):
        by = f" by {repeated.created_by}" if repeated.created_by else ""
        sentences.append(
            f"You already sent this text to {repeated.audience_name} on {dates.moment(repeated.created_at)}{by}. "
            "If you send it again, people get it twice."
        )
    if preview.left_out_sentence:
        sentences.append(preview.left_out_sentence)
    sentences += text_cautions(preview)
    if preview.names_sentence:
        sentences.append(preview.names_sentence)
    if preview.estimate and preview.estimate.longest >= LONG_FROM:
        sentences.append(
            f"This is a long text: it counts as up to {formatting.messages(preview.estimate.longest)} per person, "
            "and each one is billed."
        )
    return sentences


def text_cautions(preview: Preview) -> list[str]:
    """The `cautions` about the text that are shown while it is being typed."""
    sentences = []
    if not takes_replies():
        sentences.append(
            f"Nobody can reply to “{settings.TWILIO_FROM_NUMBER}”, so nobody can text STOP. Tell people how else to "
            "opt out."
        )
    if domains := find_shorteners(preview.body):
        sentences.append(_shorteners_sentence(domains))
    return sentences


def find_repeated(preview: Preview) -> MessageLog | None:
    """The latest blast of the same text to the same list in the last 24 hours.

    Tests don't count, and retries only go to people who haven't got it.
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
    stored = audience.stored_definition
    logs = logs.filter(definition__isnull=True) if stored is None else logs.filter(definition=stored)
    return logs.select_related("created_by").order_by("-pk").first()


def _shorteners_sentence(domains: list[str]) -> str:
    named = get_text_list(domains, "and")
    sentence = ngettext("%s is a public link shortener", "%s are public link shorteners", len(domains))
    return f"{sentence % named}. Carriers often block texts with links like that. Use the full address instead."
