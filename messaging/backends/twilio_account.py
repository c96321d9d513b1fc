"""What Twilio's API says about an account and a sender, asked with a client of Twilio's SDK.

The resources are Accounts and IncomingPhoneNumbers of the API of 2010-04-01, and Services of messaging.twilio.com.
"""

from dataclasses import dataclass
from typing import Any, Final

from messaging.backends.base import AccountReport

BUY: Final = "Set the sender to a number of this account, as the Twilio console shows it under Phone Numbers."
ADD: Final = "Add it in the Twilio console, to the Messaging Service under Sender Pool."
#: A Messaging Service holds at most so many numbers (Twilio's page "Services").
MOST_SENDERS: Final = 400


@dataclass(slots=True)
class _Sender:
    """What is learned about the sender, question by question."""

    problems: list[tuple[str, str]]
    inbound_url: str | None = None


def report(client: Any, number: str, service_sid: str) -> AccountReport:
    """`number` or `service_sid` may be "". `server_time` is left to the caller. Raises what the client raises."""
    account = client.api.v2010.account.fetch()
    sender = _Sender([])
    is_number = number.startswith("+")
    if is_number:
        _ask_about_number(client, number, sender)
    if service_sid:
        _ask_about_service(client, service_sid, number if is_number else "", sender)
    return AccountReport(
        status=str(account.status),
        is_trial=str(account.type) == "Trial",
        is_sender_asked=is_number or bool(service_sid),
        sender_problems=tuple(sender.problems),
        inbound_url=sender.inbound_url,
    )


def _ask_about_number(client: Any, number: str, sender: _Sender) -> None:
    found = client.incoming_phone_numbers.list(phone_number=number, limit=1)
    if not found:
        sender.problems.append(("The account has no such number as TWILIO_FROM_NUMBER.", BUY))
        return
    [mine] = found
    if not (mine.capabilities or {}).get("sms", False):
        sender.problems.append(("The number of TWILIO_FROM_NUMBER cannot text.", BUY))
    # With an application or without an address, incoming texts go where the number does not say.
    sender.inbound_url = None if mine.sms_application_sid else (mine.sms_url or "")


def _ask_about_service(client: Any, sid: str, number: str, sender: _Sender) -> None:
    resource = client.messaging.v1.services(sid)
    try:
        service = resource.fetch()
    except Exception as error:
        if getattr(error, "status", None) != 404:
            raise
        trouble = "The account has no such Messaging Service as TWILIO_MESSAGING_SERVICE_SID."
        sender.problems.append((trouble, "Copy its SID from the Twilio console, under Messaging, Services."))
        return
    pool = [one.phone_number for one in resource.phone_numbers.list(limit=MOST_SENDERS)]
    if number and number not in pool:
        sender.problems.append(("The number of TWILIO_FROM_NUMBER is no sender of the Messaging Service.", ADD))
    elif not (pool or number or _has_short_codes(resource)):
        sender.problems.append(("The Messaging Service has no sender.", ADD))
    if not service.use_inbound_webhook_on_number:
        sender.inbound_url = service.inbound_request_url or ""
    elif not number:
        sender.inbound_url = None


def _has_short_codes(service: Any) -> bool:
    return bool(service.short_codes.list(limit=1) or service.alpha_senders.list(limit=1))
