"""Automatic replies to STOP, START and HELP: the operator's wording, or ours.

Carriers require that each names the sender, and that the reply to HELP has contact information (CTIA, "Messaging
Principles and Best Practices"). Each fits one GSM-7 segment if the name and the contact are of ordinary length.
"""

import re
from typing import Final

from django.conf import settings

_FIELD: Final = re.compile(r"\{(organization|contact)\}")


def opt_out_answer() -> str:
    own = "You're opted out and won't get any more texts from us. Text START to rejoin."
    return _filled(settings.SMS_OPT_OUT_REPLY) or _named(own)


def opt_in_answer() -> str:
    own = "You'll get our texts again. Msg & data rates may apply. Text HELP for help, STOP to opt out."
    return _filled(settings.SMS_OPT_IN_REPLY) or _named(own)


def help_answer() -> str:
    contact = settings.ORGANIZATION_CONTACT
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


def _named(sentence: str) -> str:
    return f"{settings.ORGANIZATION_NAME}: {sentence}" if settings.ORGANIZATION_NAME else sentence


def _filled(words: str) -> str:
    """The operator's wording with its fields filled in. A system check ensures that they have values."""
    values = {"organization": settings.ORGANIZATION_NAME, "contact": settings.ORGANIZATION_CONTACT}
    return _FIELD.sub(lambda field: values[field[1]], words)
