"""Inbound handlers for opt-outs, opt-ins and help.

Twilio replies to the reserved words itself and blocks opted-out numbers; we record them without replying, unless
settings.TWILIO_HANDLES_OPT_OUT says that Twilio doesn't do this for our sender (a dedicated short code). There, STOP
and HELP must be answered for everyone, subscribed or not (Twilio: "US Short Code Keyword Requirements"). Twilio
ignores other wording: we record such opt-outs and confirm them once.
"""

from typing import Final

from django.conf import settings

from contacts.consent import opting_out
from contacts.models import ConsentRecord, UnsubscribedContact

from ..inbound.handlers import Answer, InboundText
from ..models import InboxMessage
from . import answers
from .classifier import Verdict
from .words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, YES

SOURCE: Final = UnsubscribedContact.Source.INBOUND
SYSTEM: Final = InboxMessage.Source.SYSTEM


def hear_words(text: InboundText) -> Answer | None:
    """Inbound handler for opt-out, opt-in and help, by Twilio's classification, a reserved word, or clear wording."""
    word = text.word
    asked = text.opt_out_type or _meaning(word)
    if asked == "START" and word == YES and not text.is_opted_out:
        # Twilio treats every YES as an opt-in, but from a person who hasn't opted out it answers a question.
        return None
    is_twilios = bool(text.opt_out_type) or settings.TWILIO_HANDLES_OPT_OUT
    if asked == "STOP":
        is_silent = is_twilios or (text.is_opted_out and not text.may_reply_to_keyword())
        return _opt_out(text, word or text.opt_out_type, is_silent=is_silent)
    if asked == "START":
        return _opt_in(text, word or text.opt_out_type, is_silent=is_twilios)
    if asked == "HELP":
        body = "" if is_twilios or not text.may_reply_to_keyword() else answers.help_answer()
        return Answer(body, SYSTEM, keyword=(word or "HELP")[:40], needs_reading=True, is_for_anyone=True)
    if text.finding.verdict is Verdict.OPT_OUT:
        return _opt_out(text, "STOP", is_silent=text.is_opted_out)
    return None


def hear_yes(text: InboundText) -> Answer | None:
    """Inbound handler, called after all others that accept YES: from an opted-out person, it is an opt-in."""
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
    if overtaken := _overtaken(text, ConsentRecord.Kind.OPT_OUT, keyword):
        return overtaken
    at = text.received_at if text.is_caught_up else None
    opting_out.opt_out(text.phone, SOURCE, words=text.body, sid=text.message.message_sid or "", at=at)
    # Always recorded, and confirmed even beyond the limit, but then once an hour, in case of a robot.
    may_confirm = text.may_auto_reply() or not text.was_answered_to(OPT_OUT_WORDS)
    body = answers.opt_out_answer() if may_confirm and not is_silent else ""
    has_more = text.finding.verdict is Verdict.OPT_OUT and text.finding.has_more
    return Answer(body, SYSTEM, keyword=keyword[:40], is_about_consent=True, needs_reading=has_more)


def _opt_in(text: InboundText, keyword: str, *, is_silent: bool) -> Answer:
    if overtaken := _overtaken(text, ConsentRecord.Kind.OPT_IN, keyword):
        return overtaken
    at = text.received_at if text.is_caught_up else None
    opting_out.opt_in(text.phone, SOURCE, words=text.body, sid=text.message.message_sid or "", at=at)
    body = "" if is_silent or not text.may_reply_to_keyword() else answers.opt_in_answer()
    return Answer(body, SYSTEM, keyword=keyword[:40], is_about_consent=True)


def _overtaken(text: InboundText, kind: ConsentRecord.Kind, keyword: str) -> Answer | None:
    """The answer to a text that we found only after the person had decided otherwise, for staff to read."""
    if not text.is_caught_up or not opting_out.is_overtaken(text.phone, kind, text.received_at):
        return None
    sid = text.message.message_sid or ""
    opting_out.note_overtaken(text.phone, kind, SOURCE, text.body, sid, text.received_at)
    return Answer("", SYSTEM, keyword=keyword[:40], needs_reading=True)
