"""Checks an account and a sender with a client of Twilio's SDK, and sets where the sender's incoming texts are sent.

Uses Accounts and IncomingPhoneNumbers of the API of 2010-04-01, and Services of messaging.twilio.com.
"""

from dataclasses import dataclass
from typing import Any, Final

from messaging.backends.base import AccountReport

NO_NUMBER: Final = "TWILIO_FROM_NUMBER isn't a number of this account."
BUY: Final = "Set the sender to one of this account's numbers, listed in the Twilio console under Phone Numbers."
NO_SERVICE: Final = "TWILIO_MESSAGING_SERVICE_SID isn't a Messaging Service of this account."
COPY_SID: Final = "Copy its SID from the Twilio console under Messaging > Services."
ADD: Final = "Add it to the Messaging Service's Sender Pool in the Twilio console."
#: The most numbers of a Messaging Service (Twilio's page "Services").
MOST_SENDERS: Final = 400


@dataclass(slots=True)
class _Sender:
    """Collects what is learned about the sender."""

    problems: list[tuple[str, str]]
    inbound_url: str | None = None


def report(client: Any, number: str, service_sid: str) -> AccountReport:
    """`number` or `service_sid` may be "". The caller sets `server_time`. Raises what the client raises."""
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


def forward_texts(client: Any, number: str, service_sid: str, url: str) -> tuple[str, str] | None:
    """As BaseBackend.forward_texts. Raises what the client raises.

    A Messaging Service decides for the numbers in it, unless it defers to them: from now on it decides. On a number
    an application would win over the address, so it has none from now on.
    """
    if service_sid:
        return _forward_from_service(client, service_sid, url)
    if not number.startswith("+"):
        return (
            "The sender of TWILIO_FROM_NUMBER is not a phone number, so its webhook can’t be set from here.",
            f"Set it in the Twilio console to {url}",
        )
    found = client.incoming_phone_numbers.list(phone_number=number, limit=1)
    if not found:
        return NO_NUMBER, BUY
    found[0].update(sms_url=url, sms_method="POST", sms_application_sid="")
    return None


def _forward_from_service(client: Any, sid: str, url: str) -> tuple[str, str] | None:
    try:
        client.messaging.v1.services(sid).update(
            inbound_request_url=url, inbound_method="POST", use_inbound_webhook_on_number=False
        )
    except Exception as error:
        if getattr(error, "status", None) != 404:
            raise
        return NO_SERVICE, COPY_SID
    return None


def receiving(client: Any, number: str, service_sid: str) -> list[str]:
    """The numbers and short codes that get texts for us: those of the Messaging Service's pool, and our own.

    Raises what the client raises.
    """
    pool = []
    if service_sid:
        service = client.messaging.v1.services(service_sid)
        pool = [one.phone_number for one in service.phone_numbers.list(limit=MOST_SENDERS)]
        pool += [one.short_code for one in service.short_codes.list(limit=MOST_SENDERS)]
    # Nobody can text a sender that is a name.
    own = [number] if number.removeprefix("+").isdecimal() else []
    return list(dict.fromkeys([*own, *pool]))


def _ask_about_number(client: Any, number: str, sender: _Sender) -> None:
    found = client.incoming_phone_numbers.list(phone_number=number, limit=1)
    if not found:
        sender.problems.append((NO_NUMBER, BUY))
        return
    [mine] = found
    if not (mine.capabilities or {}).get("sms", False):
        sender.problems.append(("TWILIO_FROM_NUMBER can't send texts.", BUY))
    # With an application, incoming texts go to its URL, which the number doesn't show.
    sender.inbound_url = None if mine.sms_application_sid else (mine.sms_url or "")


def _ask_about_service(client: Any, sid: str, number: str, sender: _Sender) -> None:
    resource = client.messaging.v1.services(sid)
    try:
        service = resource.fetch()
    except Exception as error:
        if getattr(error, "status", None) != 404:
            raise
        sender.problems.append((NO_SERVICE, COPY_SID))
        return
    pool = [one.phone_number for one in resource.phone_numbers.list(limit=MOST_SENDERS)]
    if number and number not in pool:
        sender.problems.append(("TWILIO_FROM_NUMBER isn't in the Messaging Service's sender pool.", ADD))
    elif not (pool or number or _has_short_codes(resource)):
        sender.problems.append(("The Messaging Service has no sender.", ADD))
    if not service.use_inbound_webhook_on_number:
        sender.inbound_url = service.inbound_request_url or ""
    elif not number:
        sender.inbound_url = None


def _has_short_codes(service: Any) -> bool:
    return bool(service.short_codes.list(limit=1) or service.alpha_senders.list(limit=1))
