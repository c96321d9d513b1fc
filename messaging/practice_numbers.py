"""The fictional numbers of practice phones, on which staff try what answers people before anyone else does.

Each user has one: +1 99x 555-01xx. No area code begins with 99, so nobody has it or can text from it. The number
marks its texts as a test: tests aren't counted, and the inbox labels their conversations.
"""

from typing import Final

from django.db.models import Q

BEGINNING: Final = "+199"
# Rows with a phone that are tests.
IS_TRY: Final = Q(phone__startswith=BEGINNING)


def number_of(user_id: int) -> str:
    """The fictional number of that user; one in a thousand users shares it."""
    return f"{BEGINNING}{user_id % 10}55501{user_id // 10 % 100:02}"


def is_try(phone: str) -> bool:
    return phone.startswith(BEGINNING)


def tag_of(phone: str) -> str:
    """The label of a test in the inbox."""
    return "Test" if is_try(phone) else ""
