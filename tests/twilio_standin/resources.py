"""The account itself, its numbers and its Messaging Services, as far as they are asked for."""

import re
from typing import Any
from urllib.parse import parse_qs

from tests.twilio_standin.account import API_VERSION, Account, Refusal

# Of every number: nobody has asked for two.
NUMBER_SID = "PN" + "0" * 32


def find(account: Account, path: str, query: str) -> dict[str, Any] | None:
    """The JSON of a resource; None if `path` is not one. Raises Refusal (404) for one the account doesn't have.

    Shapes are those of Twilio's API reference: Account, IncomingPhoneNumber, and Service of messaging.twilio.com.
    """
    top = f"/{API_VERSION}/Accounts/{account.sid}"
    if path == f"{top}.json":
        return {"sid": account.sid, "status": account.status, "type": account.type, "friendly_name": "A stand-in"}
    if path == f"{top}/IncomingPhoneNumbers.json":
        wanted = parse_qs(query).get("PhoneNumber")
        return _page(
            "incoming_phone_numbers", [_number(account, n) for n in account.numbers if wanted in (None, [n])]
        )
    if match := re.fullmatch(r"/v1/Services/(\w+)(?:/(PhoneNumbers|ShortCodes|AlphaSenders))?", path):
        sid, senders = match.groups()
        if sid not in account.services:
            raise Refusal(404, 20404, f"The requested resource {path} was not found")
        if senders is None:
            return {
                "sid": sid,
                "account_sid": account.sid,
                "inbound_request_url": account.inbound_url or None,
                "use_inbound_webhook_on_number": account.use_inbound_webhook_on_number,
            }
        numbers = {"PhoneNumbers": account.pool, "ShortCodes": account.short_codes}.get(senders, ())
        name = "short_code" if senders == "ShortCodes" else "phone_number"
        return {
            "meta": {"key": "senders", "next_page_url": None, "page": 0, "page_size": 50},
            "senders": [{"sid": NUMBER_SID, name: number} for number in numbers],
        }
    return None


def change(account: Account, path: str, form: dict[str, str]) -> dict[str, Any] | None:
    """The JSON of a number or a Messaging Service that `form` was posted to; None where `path` is neither."""
    if path == f"/{API_VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{NUMBER_SID}.json":
        account.inbound_url, account.inbound_method = form["SmsUrl"], form["SmsMethod"]
        account.sms_application_sid = form["SmsApplicationSid"]
        return _number(account, account.numbers[0])
    if re.fullmatch(r"/v1/Services/\w+", path) and (found := find(account, path, "")):
        account.inbound_url, account.inbound_method = form["InboundRequestUrl"], form["InboundMethod"]
        account.use_inbound_webhook_on_number = form["UseInboundWebhookOnNumber"] == "true"
        return found
    return None


def _number(account: Account, number: str) -> dict[str, Any]:
    return {
        "sid": NUMBER_SID,
        "phone_number": number,
        "capabilities": {"sms": account.can_text, "mms": account.can_text, "voice": True, "fax": False},
        "sms_url": account.inbound_url,
        "sms_application_sid": account.sms_application_sid,
    }


def _page(key: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: entries, "page": 0, "page_size": 50, "next_page_uri": None, "start": 0, "end": len(entries)}
