import io

from django.test import RequestFactory

from smsadmin.wsgi import application


def test_a_character_set_with_a_nul_in_its_name_is_no_error(db):
    """RFC 2231 has a way to write it, which servers let pass."""
    environ = RequestFactory().post("/webhooks/twilio/inbound").environ
    environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset*=utf-8''%00", "wsgi.input": io.BytesIO()}
    answers = []
    application(environ, lambda status, headers, *rest: answers.append(status)).close()
    assert answers == ["403 Forbidden"]
