"""What Twilio's error codes mean: whose fault it is, and what staff should know and do.

The table is `error_codes.csv`: one line for each code that sending a text can return, with its category, whether it
stops a blast at once ("yes"), and a sentence for staff. Twilio changes codes now and then, so an unknown code is a
soft failure: it suppresses nobody.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import models

TABLE = Path(__file__).with_name("error_codes.csv")


class Category(models.TextChoices):
    """The values of `category` in the schema of record, and CONFIG_ERROR, which never applies to a contact."""

    OPT_OUT = "opt_out", "Opted out"
    HARD_FAIL = "hard_fail", "Unreachable"
    SOFT_FAIL = "soft_fail", "Temporary failure"
    CONFIG_ERROR = "config_error", "Account or settings"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One code. `stops_blast` is set if every other text would fail the same way."""

    code: int | None
    category: Category
    sentence: str
    stops_blast: bool


@cache
def error_table() -> dict[int, ErrorInfo]:
    """All known codes."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {
            int(row["code"]): ErrorInfo(
                int(row["code"]), Category(row["category"]), row["sentence"], row["stop"] == "yes"
            )
            for row in csv.DictReader(lines)
        }


def final_codes() -> list[int]:
    """Codes after which a number isn't tried again: opt-outs and unreachable numbers."""
    final = {Category.OPT_OUT, Category.HARD_FAIL}
    return [code for code, info in error_table().items() if info.category in final]


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
