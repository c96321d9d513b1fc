import pytest
from django.test import Client

PATHS = ("/webhooks/twilio/inbound", "/webhooks/twilio/status/1")


@pytest.mark.parametrize("path", PATHS)
def test_a_webhook_has_no_session_and_no_user(client, path):
    answer = client.post(path)
    assert answer.status_code == 403
    assert not hasattr(answer.wsgi_request, "session")
    assert not hasattr(answer.wsgi_request, "user")
    assert answer.headers["Content-Length"] == "0"


@pytest.mark.parametrize("path", ["/webhooks/twilio/", "/webhooks/twilio/other", "/webhooks/twilio/status/x"])
def test_unknown_urls_are_not_found(client, db, path):
    assert client.post(path).status_code == 404


def test_an_error_gets_a_response_and_does_not_end_the_process(db, monkeypatch):
    def explode(request):
        raise RuntimeError("This is only a test.")

    monkeypatch.setattr("messaging.webhooks.views.is_genuine", explode)
    assert Client(raise_request_exception=False).post(PATHS[0]).status_code == 500
