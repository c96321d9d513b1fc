from urllib.parse import urlencode

import pytest
from django.test import RequestFactory
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.webhooks import signatures
from tests.twilio_standin.callbacks import signature as independent_signature

# The two published examples: Twilio's page on webhook security, and the tests of its SDK.
PUBLISHED = [
    (
        "https://example.com",
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675310",
            "Digits": "1234",
            "From": "+14158675310",
            "To": "+18005551212",
        },
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    (
        "https://mycompany.com",
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        },
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    ),
]
PATH = "/webhooks/twilio/status/7"
FORM = "application/x-www-form-urlencoded"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def post(fields, signature=None, path=PATH, **extra):
    headers = {} if signature is None else {signatures.HEADER: signature}
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    content_type = extra.pop("content_type", FORM)
    return RequestFactory().generic("POST", path, body, content_type, headers=headers, **extra)


@pytest.mark.parametrize(("base_url", "fields", "signature"), PUBLISHED)
def test_twilios_published_examples_are_genuine(settings, base_url, fields, signature):
    settings.TWILIO_AUTH_TOKEN = "12345"
    settings.PUBLIC_BASE_URL = base_url
    path = "/myapp.php?foo=1&bar=2"
    assert signatures.sign(base_url + path, fields) == signature
    assert signatures.is_genuine(post(fields, signature, path))


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": {**PUBLISHED[0][1], "Digits": "1235"}},
        {"fields": {**PUBLISHED[0][1], "New": ""}},
        {"fields": {}},
        {"path": "/myapp.php?foo=1&bar=3"},
        {"path": "/myapp.php/?foo=1&bar=2"},
        {"path": "/myapp.php"},
        {"signature": None},
        {"signature": ""},
        {"signature": "L/OH5YylLD5NRKLltdqwSvS0BnV="},
        {"signature": "ü" * 28},
    ],
    ids=str,
)
def test_a_changed_request_is_not_genuine(settings, changed):
    settings.TWILIO_AUTH_TOKEN = "12345"
    settings.PUBLIC_BASE_URL, fields, signature = PUBLISHED[0]
    request = {"fields": fields, "signature": signature, "path": "/myapp.php?foo=1&bar=2", **changed}
    assert not signatures.is_genuine(post(**request))


def test_another_token_gives_another_signature(settings):
    url, fields = f"{settings.PUBLIC_BASE_URL}{PATH}", {"MessageSid": "SM1"}
    settings.TWILIO_AUTH_TOKEN = "one"
    signature = signatures.sign(url, fields)
    assert signatures.is_genuine(post(fields, signature))
    settings.TWILIO_AUTH_TOKEN = "two"
    assert not signatures.is_genuine(post(fields, signature))


def test_without_a_twilio_token_the_installations_own_is_used(settings):
    settings.TWILIO_AUTH_TOKEN = ""
    own = signatures.auth_token()
    assert len(own) == 32
    fields = {"MessageSid": "SM1"}
    genuine = independent_signature(own, f"{settings.PUBLIC_BASE_URL}{PATH}", fields)
    assert signatures.is_genuine(post(fields, genuine))
    assert not signatures.is_genuine(post(fields, independent_signature("", f"http://testserver{PATH}", fields)))
    settings.SECRET_KEY = "another-installation" * 3
    assert signatures.auth_token() != own


def test_the_check_is_not_skipped_in_debug_mode(settings):
    settings.DEBUG = True
    assert not signatures.is_genuine(post({"MessageSid": "SM1"}))


@pytest.mark.parametrize("base_url", ["https://sms.example.org", "https://sms.example.org:8443", "http://10.0.0.5"])
def test_behind_a_proxy_the_public_url_counts(settings, base_url):
    settings.PUBLIC_BASE_URL = base_url
    fields = {"MessageSid": "SM1", "Body": " spaces stay "}
    request = post(fields, signatures.sign(f"{base_url}{PATH}", fields), SERVER_NAME="internal", SERVER_PORT="8000")
    assert signatures.is_genuine(request)


@pytest.mark.parametrize(
    ("base_url", "typed"),
    [
        ("https://Sms.Example.org", "https://sms.example.org"),
        ("https://Sms.Example.org", "https://Sms.Example.org"),
        ("https://SMS.example.org:443/", "https://sms.example.org"),
        ("https://sms.example.org", "https://sms.example.org:443"),
        ("https://sms.example.org.", "https://sms.example.org"),
        ("https://sms.example.org", "https://sms.example.org."),
        ("http://sms.example.org:80", "http://sms.example.org"),
        ("https://Sms.Example.org:8443", "https://sms.example.org:8443"),
    ],
)
def test_each_spelling_of_the_public_url_counts(settings, base_url, typed):
    settings.PUBLIC_BASE_URL = base_url
    fields = {"MessageSid": "SM1"}
    assert signatures.is_genuine(post(fields, signatures.sign(f"{typed}{PATH}", fields)))


def test_capitals_known_only_to_twilio_count_if_the_proxy_passes_them_on(settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    fields = {"MessageSid": "SM1"}
    signature = signatures.sign(f"https://SMS.Example.ORG{PATH}", fields)
    assert signatures.is_genuine(post(fields, signature, HTTP_HOST="SMS.Example.ORG"))


@pytest.mark.parametrize(
    "signed_for",
    ["http://sms.example.org", "https://sms.example.org:8443", "https://sms.example.com", "https://other.example"],
)
def test_another_url_does_not_count_whatever_the_host_header_is(settings, signed_for):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    fields = {"MessageSid": "SM1"}
    signature = signatures.sign(f"{signed_for}{PATH}", fields)
    assert not signatures.is_genuine(post(fields, signature, HTTP_HOST=signed_for.partition("//")[2]))


def test_without_a_public_url_the_requests_own_counts(settings):
    settings.PUBLIC_BASE_URL = ""
    fields = {"MessageSid": "SM1"}
    assert signatures.is_genuine(post(fields, signatures.sign(f"http://testserver{PATH}", fields)))
    assert not signatures.is_genuine(
        post(fields, signatures.sign(f"http://evil.example{PATH}", fields), SERVER_NAME="evil.example")
    )


def test_percent_encoding_is_kept_as_signed(settings):
    path = f"{PATH}?name=J%C3%BCrgen%20%2B1&x=a+b"
    fields = {"Body": "a+b c%20d"}
    assert signatures.is_genuine(post(fields, signatures.sign(settings.PUBLIC_BASE_URL + path, fields), path))


@given(st.dictionaries(texts, texts, max_size=6), texts)
def test_only_requests_signed_by_twilio_are_genuine(fields, more):
    url = f"http://testserver{PATH}"
    signature = independent_signature(signatures.auth_token(), url, fields)
    assert signature == signatures.sign(url, fields)
    assert signatures.is_genuine(post(fields, signature))
    assert not signatures.is_genuine(post({**fields, "Another": more + "!"}, signature))


@given(
    st.binary(max_size=100),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from([FORM, "application/json", "multipart/form-data", "multipart/form-data; boundary=x", ""]),
)
@example(b"", "x", "bodySHA256=0", "application/json")
@example(b"a=%00&b=%ff", "x", "\ud800", FORM)
@example(b"--x", "x", "", "multipart/form-data; boundary=x")
@example(b"a=b", "x", "", FORM + "; charset=klingon")
def test_malformed_requests_are_never_genuine_and_never_an_error(body, signature, query, content_type):
    request = post(body, signature, content_type=content_type, QUERY_STRING=query)
    assert signatures.is_genuine(request) is False


def test_a_form_with_too_many_fields_is_not_genuine(settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    fields = {str(number): "x" for number in range(5)}
    assert not signatures.is_genuine(post(fields, signatures.sign(f"{settings.PUBLIC_BASE_URL}{PATH}", fields)))


def test_without_a_public_url_an_unknown_host_is_not_genuine(settings):
    settings.PUBLIC_BASE_URL = ""
    assert not signatures.is_genuine(post({}, "x", HTTP_HOST="a b["))
