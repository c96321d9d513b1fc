"""What Twilio's error codes mean: whose fault it is, and what staff should know and do.

The table is `error_codes.csv`: one line for each code that sending a text can return, with its category, whether it
stops a blast at once ("yes"), the reason that it counts under on a blast's page, and a sentence for staff. Twilio
changes codes now and then, so an unknown code is a soft failure: it suppresses nobody.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.db import models

TABLE = Path(__file__).with_name("error_codes.csv")


class Category(models.TextChoices):
    """The values of `category` in the schema of record, and CONFIG_ERROR, which never applies to a contact."""

    OPT_OUT = "opt_out", "Opted out"
    HARD_FAIL = "hard_fail", "Unreachable"
    SOFT_FAIL = "soft_fail", "Temporary failure"
    CONFIG_ERROR = "config_error", "Account or settings"


class Reason(models.TextChoices):
    """Why somebody didn't get a text, in a few words: many codes mean the same to staff.

    A blast's page counts and filters by them, and offers to resend where that makes sense (REMEDIES).
    """

    PHONE_OFF = "phone_off", "Phone off or out of coverage"
    TROUBLE = "trouble", "Temporary problem at Twilio or the carrier"
    TOO_MANY = "too_many", "Too many texts at once"
    HOURS = "hours", "Too late or too early where they live"
    FILTERED = "filtered", "Taken for spam"
    BLOCKED = "blocked", "Blocked by their phone or carrier"
    TOO_LONG = "too_long", "Text too long or empty"
    SENDER = "sender", "Problem with our account or sender"
    COUNTRY = "country", "Their country or network can’t be texted"
    WRONG_NUMBER = "wrong_number", "Wrong number or out of service"
    NO_MOBILE = "no_mobile", "Landline, or not a mobile number"
    SPECIAL_NUMBER = "special_number", "Not a number for people"
    STOPPED = "stopped", "Opted out"
    OTHER = "other", "Other reason"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What staff can do, as a sentence, and whether the text can be resent to the same number then.

    `is_in_detail`: the sentences of the codes themselves say what exactly is wrong.
    """

    sentence: str
    can_resend: bool = False
    is_in_detail: bool = False


REMEDIES: Final[Mapping[str, Remedy]] = {
    Reason.PHONE_OFF: Remedy("Resend later. If it keeps happening, ask for another number.", can_resend=True),
    Reason.TROUBLE: Remedy("Resend once, a little later.", can_resend=True),
    Reason.TOO_MANY: Remedy("Resend later: tomorrow, if it is the carrier’s daily limit.", can_resend=True),
    Reason.HOURS: Remedy("Resend in the daytime.", can_resend=True),
    Reason.FILTERED: Remedy(
        "Reword it before you resend: fewer links, no shortened links, and who is writing.", can_resend=True
    ),
    Reason.BLOCKED: Remedy("Don’t resend. Reach them some other way."),
    Reason.TOO_LONG: Remedy("Choose Resend, then Edit, and change the text.", can_resend=True, is_in_detail=True),
    Reason.SENDER: Remedy("Fix this first, then resume or resend. Nothing is wrong with their numbers.", True, True),
    Reason.COUNTRY: Remedy("Sort this out with Twilio first, then resend.", True, True),
    Reason.WRONG_NUMBER: Remedy(
        "Ask for their current number. Blasts skip a number once it is listed as unreachable."
    ),
    Reason.NO_MOBILE: Remedy("Ask for a mobile number. Blasts skip these numbers from now on."),
    Reason.SPECIAL_NUMBER: Remedy("Remove it from your lists.", is_in_detail=True),
    Reason.STOPPED: Remedy("Nothing to do. Only they can allow texts again, by texting START."),
    Reason.OTHER: Remedy("Resend once, a little later.", can_resend=True, is_in_detail=True),
}


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One code. `stops_blast` is set if every other text would fail the same way."""

    code: int | None
    category: Category
    sentence: str
    stops_blast: bool
    reason: Reason = Reason.OTHER


@cache
def error_table() -> dict[int, ErrorInfo]:
    """All known codes."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {
            int(row["code"]): ErrorInfo(
                int(row["code"]),
                Category(row["category"]),
                row["sentence"],
                row["stop"] == "yes",
                Reason(row["reason"]),
            )
            for row in csv.DictReader(lines)
        }


def final_codes() -> list[int]:
    """Codes after which a number isn't tried again: opt-outs and unreachable numbers."""
    final = {Category.OPT_OUT, Category.HARD_FAIL}
    return [code for code, info in error_table().items() if info.category in final]


def codes_of(reason: str) -> list[int]:
    """The known codes that count under that reason. Unknown ones, and failures without a code, are Reason.OTHER."""
    return [code for code, info in error_table().items() if info.reason == reason]


def classify(code: int | None) -> ErrorInfo:
    """What `code` means. None stands for a failure without a code."""
    if code is None:
        return ErrorInfo(None, Category.SOFT_FAIL, "Refused without a reason. Try once more.", stops_blast=False)
    return error_table().get(code) or ErrorInfo(
        code,
        Category.SOFT_FAIL,
        f"Twilio reported error {code}. See https://www.twilio.com/docs/api/errors/{code}.",
        stops_blast=False,
    )
