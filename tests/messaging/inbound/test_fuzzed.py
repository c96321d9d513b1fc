"""Request bodies of any kind: never a server error, and everything storable is kept."""

from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.inbound import receive
from messaging.models import InboxMessage, InboxThread
from messaging.webhooks import signatures

from .inbound_texts import FORM, PATH, form

pytestmark = pytest.mark.django_db

URL = f"http://testserver{PATH}"
KNOWN = ("MessageSid", "SmsSid", "From", "To", "Body", "OptOutType", "NumMedia", "MediaUrl0", "ProfileName")
CHARSETS = ("utf-8", "latin-1", "utf-16", "utf-7", "cp037", "rot13", "hex", "idna", "punycode", "no such", "")
anything = st.text(max_size=60)
with_surrogates = st.text(st.characters(exclude_categories=()), max_size=60)


def post(body, content_type, signature):
    """The response's status. A server error would be raised here."""
    client = Client(raise_request_exception=True)
    return client.generic("POST", PATH, body, content_type, headers={signatures.HEADER: signature}).status_code


@given(st.dictionaries(st.one_of(st.sampled_from(KNOWN), anything), anything, max_size=12))
def test_any_signed_form_is_accepted_and_its_text_kept(fields):
    body = urlencode(fields)
    with transaction.atomic():
        assert post(body, FORM, signatures.sign(URL, fields)) == 200
        stored = InboxMessage.objects.get(direction="inbound")
        assert stored.body == fields.get("Body", "").replace("\0", "\N{REPLACEMENT CHARACTER}")
        transaction.set_rollback(True)


@given(st.binary(max_size=200), st.sampled_from(CHARSETS))
@example(b"Body=%ed%a0%80&From=%00", "utf-8")
@example(b"&&&=&=%ff%fe", "utf-16")
def test_any_correctly_signed_bytes_are_accepted(raw, charset):
    """What anyone with our token could sign: the fields as Django decodes these bytes."""
    body = b"Body=" + quote_from_bytes(raw).encode() + b"&" + raw
    try:
        fields = QueryDict(body, encoding=charset or "utf-8")
        signature = signatures.sign(URL, fields)
    except (LookupError, ValueError, SuspiciousOperation):
        signature = "none"
    with transaction.atomic():
        status = post(body, f"{FORM}; charset={charset}" if charset else FORM, signature)
        assert status in (200, 403)
        assert InboxMessage.objects.count() == (status == 200)
        transaction.set_rollback(True)


@given(st.binary(max_size=300), st.one_of(st.sampled_from((FORM, "multipart/form-data; boundary=x", "")), anything))
def test_bytes_without_a_genuine_signature_are_refused(raw, content_type):
    assert post(raw, content_type.encode("ascii", "replace").decode(), "x" * 28) == 403


@given(st.dictionaries(st.one_of(st.sampled_from(KNOWN), with_surrogates), with_surrogates, max_size=12))
def test_fields_that_databases_cannot_store_are_kept_as_far_as_possible(fields):
    with transaction.atomic():
        receive.receive({**form("+17205550123", "Hello"), **fields})
        stored = InboxMessage.objects.get(direction="inbound")
        stored.refresh_from_db()
        expected = fields.get("Body", "Hello").replace("\0", "\N{REPLACEMENT CHARACTER}")
        assert stored.body == expected.encode("utf-8", "replace").decode()
        assert InboxThread.objects.get().phone
        transaction.set_rollback(True)
