"""Tests of a message that is being written: one text, to the phone of the person who writes it."""

from dataclasses import replace

from accounts.models import AppUser
from contacts import phones
from contacts.textability import standings

from ..composing.audience import Audience
from ..models import Draft, MessageLog
from ..text.personalization import UnknownToken
from ..text.visibility import is_blank
from .dispatch import start


class NoTest(ValueError):
    """The test can't be sent: str() is a sentence for staff, `field` the field of the form to correct."""

    def __init__(self, sentence: str, field: str = "test_phone") -> None:
        super().__init__(sentence)
        self.field = field


def send_test(draft: Draft, number: str, user: AppUser) -> MessageLog:
    """Send the draft's words, saved or not, to that phone alone, as its first recipient would get them.

    The draft stays as it is. Raises NoTest.
    """
    if is_blank(draft.message_body):
        raise NoTest("Write a message first, then test it.", "message_body")
    if not number.strip():
        raise NoTest("Enter your own number, then send the test.")
    try:
        phone = phones.normalize(number)
    except phones.InvalidPhone as invalid:
        raise NoTest(invalid.sentence) from None
    standing = standings([phone])[phone]
    if standing.state != "textable":
        raise NoTest(f"{phones.display(phone)} can’t be texted: {standing.label.lower()}.")
    try:
        return start(draft.whole_body, replace(Audience.of_draft(draft), test_phone=phone), user)
    except UnknownToken as unknown:
        raise NoTest(str(unknown), "message_body") from None
