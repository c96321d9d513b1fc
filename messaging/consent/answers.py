"""Automatic replies to STOP, START and HELP: the operator's wording, or ours.

The operator's may have the fields {organization} and {contact}. Where one of them isn't set, ours is sent instead: a
system check says so.

Carriers require that each names the sender, and that the reply to HELP has contact information (CTIA, "Messaging
Principles and Best Practices"). Each fits one GSM-7 segment if the name and the contact are of ordinary length.
"""

import re
from typing import Final

from django.conf import settings

from accounts import organization

_FIELD: Final = re.compile(r"\{(organization|contact)\}")


def opt_out_answer() -> str:
    own = "You're opted out and won't get any more texts from us. Text START to rejoin."
    return _filled(settings.SMS_OPT_OUT_REPLY) or _named(own)


def opt_in_answer() -> str:
    own = "You'll get our texts again. Msg & data rates may apply. Text HELP for help, STOP to opt out."
    return _filled(settings.SMS_OPT_IN_REPLY) or _named(own)


def help_answer() -> str:
    contact = organization.contact()
    help_is = f"For help, contact {contact}." if contact else "We got your text and will read it."
    own = f"{help_is} Msg & data rates may apply. Text STOP to opt out."
    return _filled(settings.SMS_HELP_REPLY) or _named(own)


def all_answers() -> dict[str, str]:
    """Each reply by the setting that overrides it."""
    return {
        "SMS_OPT_OUT_REPLY": opt_out_answer(),
        "SMS_OPT_IN_REPLY": opt_in_answer(),
        "SMS_HELP_REPLY": help_answer(),
    }


def lacking() -> list[str]:
    """Each setting with a wording of the operator's that can't be used: it has a field without a value."""
    own = ("SMS_OPT_OUT_REPLY", "SMS_OPT_IN_REPLY", "SMS_HELP_REPLY")
    return [setting for setting in own if (words := getattr(settings, setting)) and not _filled(words)]


def _named(sentence: str) -> str:
    name = organization.name()
    return f"{name}: {sentence}" if name else sentence


def _filled(words: str) -> str:
    """The operator's wording with its fields filled in; "" if one of them has no value."""
    values = {"organization": organization.name(), "contact": organization.contact()}
    if not all(values[field] for field in _FIELD.findall(words)):
        return ""
    return _FIELD.sub(lambda field: values[field[1]], words)
