"""A server on loopback that accepts, refuses, loses and delays messages like Twilio's API.

    with TwilioStandin() as twilio:
        twilio.faults.next(faults.dropped(accepted=True))
        ...                                   # the code under test sends to twilio.url
        assert [message.to for message in twilio.messages] == [...]
        twilio.post_callbacks()

Its record, `messages`, is what the "provider" really accepted: duplicates show there, whatever the sender
believes. From the command line: `python -m tests.twilio_standin --port 8999 --latency 0.1`.
"""

from tests.twilio_standin import faults
from tests.twilio_standin.account import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, MESSAGING_SERVICE_SID, Account
from tests.twilio_standin.server import TwilioStandin


def environment(port: int) -> dict[str, str]:
    """The variables that make an installation send through a stand-in on that port."""
    return {
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM_NUMBER": FROM_NUMBER,
    }


__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "FROM_NUMBER",
    "MESSAGING_SERVICE_SID",
    "Account",
    "TwilioStandin",
    "environment",
    "faults",
]
