"""What an error code of Twilio's means for us: whose fault it is, and what staff should know and do.

The table is data, `error_codes.csv`: one line per code that sending one text can meet, with its category,
whether it is a reason to stop a blast at once ("yes"), and a sentence for staff. Twilio's codes change their
meaning now and then, so a code that is not in the table is a soft failure: nobody is suppressed for it.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import models

TABLE = Path(__file__).with_name("error_codes.csv")


class Category(models.TextChoices):
    """The values of `category` in the schema of record, and the one that is never a contact's."""

    OPT_OUT = "opt_out", "Opted out"
    HARD_FAIL = "hard_fail", "Cannot be texted"
    SOFT_FAIL = "soft_fail", "Temporary failure"
    CONFIG_ERROR = "config_error", "Account or settings"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One code; `stops_blast` is set where every further text would fail in the same way."""

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
    """The codes after which the same number is not tried again: opt-outs and dead numbers."""
    final = {Category.OPT_OUT, Category.HARD_FAIL}
    return [code for code, info in error_table().items() if info.category in final]


def classify(code: int | None) -> ErrorInfo:
    """What `code` means; None stands for a failure without a code."""
    if code is None:
        return ErrorInfo(
            None, Category.SOFT_FAIL, "The text was refused without a reason. Try again once.", stops_blast=False
        )
    return error_table().get(code) or ErrorInfo(
        code,
        Category.SOFT_FAIL,
        f"Twilio reported error {code}. Its meaning is at https://www.twilio.com/docs/api/errors/{code}.",
        stops_blast=False,
    )
