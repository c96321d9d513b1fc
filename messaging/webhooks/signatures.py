"""Verifies that a webhook request really comes from Twilio. (Twilio: "Webhooks security")

Twilio signs the URL it was given and the form fields with the account's auth token (HMAC-SHA1), in the header
X-Twilio-Signature. The check is never skipped: without a Twilio token, the simulator's callbacks are signed with one
of our own.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.crypto import constant_time_compare, salted_hmac
from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"
_PORTS: Final = {"http": 80, "https": 443}


def auth_token() -> str:
    """settings.TWILIO_AUTH_TOKEN; if that is empty, 32 hex digits that only this installation knows."""
    return settings.TWILIO_AUTH_TOKEN or salted_hmac("messaging.webhooks.signatures", "auth token").hexdigest()[:32]


def sign(url: str, params: Mapping[str, str]) -> str:
    """Twilio's signature for a form of `params` posted to `url` (without fragment)."""
    return RequestValidator(auth_token()).compute_signature(url, params)


def is_genuine(request: HttpRequest) -> bool:
    """Whether the request has the right signature for its URL and form. False for malformed requests.

    The URL is the one Twilio was given, PUBLIC_BASE_URL and the full path, because behind a proxy the request itself
    may have another scheme, host or port. Twilio signs the URL as it was typed into its console, so all equivalent
    spellings are accepted (`_spellings`).
    """
    signature = request.headers.get(HEADER)
    if not signature:
        return False
    try:
        base = (settings.PUBLIC_BASE_URL or f"{request.scheme}://{request.get_host()}").rstrip("/")
        path, validator = request.get_full_path(), RequestValidator(auth_token())
        # All fields are included: Twilio adds new ones without notice, and signs them all.
        form = posted_form(request)
        if constant_time_compare(validator.compute_signature(base + path, form), signature):
            return True
        spellings = _spellings(base, request.headers.get("Host", ""))
        return any(validator.validate(each + path, form, signature) for each in spellings)
    except (ValueError, LookupError, OSError, BadRequest, SuspiciousOperation, MultiPartParserError):
        # LookupError: the form's charset is "hex", "base64" or the like, which are codecs but not character sets.
        return False


def _spellings(base: str, host_header: str) -> list[str]:
    """The scheme and host in all equivalent spellings: hosts are case-insensitive and may end in a dot, and the
    scheme's default port may be omitted (the validator tries both).

    Includes the request's Host header if it names the same host: behind most proxies, it is the host as typed.
    """
    parts = urlsplit(base)
    host = (parts.hostname or "").rstrip(".")
    if not host:
        return []
    port = f":{parts.port}" if parts.port not in {None, _PORTS.get(parts.scheme)} else ""
    named = urlsplit(f"//{host_header}").netloc.rpartition("@")[2]
    typed = re.sub(r":\d*$", "", named)
    hosts = [f"[{host}]" if ":" in host else host, f"{host}.", re.sub(r":\d*$", "", parts.netloc)]
    if typed.lower().rstrip(".") == host:
        hosts.append(typed)
    return [f"{parts.scheme}://{each}{port}" for each in dict.fromkeys(hosts)]


def posted_form(request: HttpRequest) -> QueryDict:
    """The form fields of a webhook request, decoded with the charset that it names, or UTF-8.

    Twilio uses UTF-8, and Django only decodes forms as UTF-8, but a proxy may have changed the encoding.
    """
    named = request.encoding or ""
    if request.content_type != "application/x-www-form-urlencoded" or named.lower() in {"", "utf-8"}:
        return request.POST
    try:
        return QueryDict(request.body, encoding=named)
    except LookupError:
        return QueryDict(request.body, encoding="utf-8")
