"""Inbound texts as Twilio posts them."""

import itertools
import re
from html import unescape
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from messaging.webhooks import signatures

PATH = "/webhooks/twilio/inbound"
FORM = "application/x-www-form-urlencoded"
SIDS = itertools.count(1)


def sid():
    return f"SM{next(SIDS):032x}"


def form(phone, body, **fields):
    """The fields of one text; `MessageSid` is new unless given."""
    return {
        "MessageSid": sid(),
        "AccountSid": "AC" + "0" * 32,
        "From": phone,
        "To": "+17205550100",
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        **fields,
    }


def post(fields, signature=None, path=PATH, **extra):
    """Posts these fields with a signature, and returns the response."""
    url = settings.PUBLIC_BASE_URL + path
    signature = signatures.sign(url, fields) if signature is None else signature
    return Client(raise_request_exception=True).generic(
        "POST", path, urlencode(fields), FORM, headers={signatures.HEADER: signature}, **extra
    )


def text_in(phone, body, **fields):
    """The answer to a text through the webhook; "" for none."""
    response = post(form(phone, body, **fields))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    found = re.fullmatch(
        r'<\?xml version="1.0" encoding="UTF-8"\?><Response>(?:<Message[^>]*>(.*)</Message>)?</Response>',
        response.content.decode(),
        re.DOTALL,
    )
    assert found
    return unescape(found[1] or "")
