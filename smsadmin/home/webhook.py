"""Telling Twilio where to forward incoming texts to."""

from accounts.events import record
from accounts.security_events import Kind, Outcome
from messaging.backends import SendError, get_backend
from smsadmin.checks import uses_twilio

from ..doctor.online import explain
from . import setup


class CannotSet(Exception):
    """The webhook was not set; str() is a sentence or two for staff."""


def set_webhook() -> str:
    """Has Twilio forward the sender's incoming texts to this installation; the address. Raises CannotSet.

    No transaction may be open: Twilio is called.
    """
    if not uses_twilio():
        raise CannotSet("Connect Twilio first: in practice mode no texts come in.")
    url = setup.webhook_url()
    if not url:
        raise CannotSet("Set PUBLIC_BASE_URL in .env first: Twilio has to know this site’s public address.")
    try:
        problem = get_backend().forward_texts(url)
    except SendError as error:
        problem = explain(error)
    if problem:
        record(Kind.WEBHOOK_SET, outcome=Outcome.FAILURE, url=url)
        raise CannotSet(" ".join(problem))
    setup.note_webhook(url)
    record(Kind.WEBHOOK_SET, url=url)
    return url
