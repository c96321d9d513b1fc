"""Handlers that hear who wants no more texts, and who wants them again.

Twilio answers the single words itself and stops texts to whoever sent one; we record it and stay silent, unless
settings.TWILIO_HANDLES_OPT_OUT says that our sender is one for which it does not (a short code of one's own). There
STOP and HELP have to be answered whoever sends them, subscribed or not (Twilio: "US Short Code Keyword
Requirements"). Of free text Twilio knows nothing: an opt-out in so many words is recorded, and confirmed once.
"""

from typing import Final

from django.conf import settings

from contacts.consent import opting_out
from contacts.models import UnsubscribedContact

from ..inbound.handlers import Answer, InboundText
from ..models import InboxMessage
from . import answers
from .classifier import Verdict
from .words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, YES

SOURCE: Final = UnsubscribedContact.Source.INBOUND
SYSTEM: Final = InboxMessage.Source.SYSTEM


def hear_words(text: InboundText) -> Answer | None:
    """A handler: opt-out, opt-in and help, by Twilio's finding, by a word of its own, or in clear words."""
    word = text.word
    asked = text.opt_out_type or _meaning(word)
    if asked == "START" and word == YES and not text.is_opted_out:
        # Twilio takes every YES for an opt-in: from who is in, it answers a question.
        return None
    is_twilios = bool(text.opt_out_type) or settings.TWILIO_HANDLES_OPT_OUT
    if asked == "STOP":
        is_silent = is_twilios or (text.is_opted_out and not text.may_begin())
        return _opt_out(text, word or text.opt_out_type, is_silent=is_silent)
    if asked == "START":
        return _opt_in(text, word or text.opt_out_type, is_silent=is_twilios)
    if asked == "HELP":
        body = "" if is_twilios or not text.may_begin() else answers.help_answer()
        return Answer(body, SYSTEM, keyword=(word or "HELP")[:40], needs_reading=True, is_for_anyone=True)
    if text.finding.verdict is Verdict.OPT_OUT:
        return _opt_out(text, "STOP", is_silent=text.is_opted_out)
    return None


def hear_yes(text: InboundText) -> Answer | None:
    """A handler, to be asked after all that a YES can be meant for: from who has opted out, it is an opt-in."""
    if not text.is_opted_out or text.word != YES:
        return None
    return _opt_in(text, YES, is_silent=settings.TWILIO_HANDLES_OPT_OUT)


def _meaning(word: str) -> str:
    if word in OPT_OUT_WORDS:
        return "STOP"
    if word in OPT_IN_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else ""


def _opt_out(text: InboundText, keyword: str, *, is_silent: bool) -> Answer:
    opting_out.opt_out(text.phone, SOURCE, words=text.body, sid=text.message.message_sid or "")
    # Heard as often as it is said. Confirmed beyond the limit too, but once an hour: a robot may say it for ever.
    may_be_told = text.may_go_on() or not text.was_answered_to(OPT_OUT_WORDS)
    body = answers.opt_out_answer() if may_be_told and not is_silent else ""
    has_more = text.finding.verdict is Verdict.OPT_OUT and text.finding.has_more
    return Answer(body, SYSTEM, keyword=keyword[:40], is_about_consent=True, needs_reading=has_more)


def _opt_in(text: InboundText, keyword: str, *, is_silent: bool) -> Answer:
    opting_out.opt_in(text.phone, SOURCE, words=text.body, sid=text.message.message_sid or "")
    body = "" if is_silent or not text.may_begin() else answers.opt_in_answer()
    return Answer(body, SYSTEM, keyword=keyword[:40], is_about_consent=True)
