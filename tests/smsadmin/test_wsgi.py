import io

import pytest
from django.test import RequestFactory

from messaging.webhooks import signatures
from smsadmin.wsgi import application

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/webhooks/twilio/inbound", "/webhooks/twilio/status/1"])
@pytest.mark.parametrize(
    "content_type",
    [
        # RFC 2231 allows charsets in parameters. Servers pass them on, even if they are invalid.
        f"{FORM}; charset*=utf-8''%00",
        f"{FORM}; charset*=utf-9''a%",
        *(
            f"multipart/form-data; boundary=B; charset={codec}"
            for codec in ("hex", "base64", "zlib", "rot13", "idna")
        ),
    ],
)
def test_a_malformed_content_type_is_not_an_error(db, path, content_type):
    body = b'--B\r\nContent-Disposition: form-data; name="Body"\r\n\r\nHi\r\n--B--\r\n'
    environ = RequestFactory().post(path, headers={signatures.HEADER: "x"}).environ
    environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    answers = []
    application(environ, lambda status, headers, *rest: answers.append(status)).close()
    assert answers == ["403 Forbidden"]
