"""The response to Twilio if something couldn't be stored, and the effect of its retry."""

import pytest
from django.db import IntegrityError, InternalError, OperationalError, connection
from django.test import Client

from messaging.inbound import receive
from messaging.models import Delivery, InboxMessage, KeywordAutomationRule
from messaging.sending import status_callbacks
from messaging.webhooks import views
from messaging.webhooks.signatures import sign
from smsadmin.lib import group_commit
from smsadmin.lib.time_limits import TookTooLong

from ..inbound.inbound_texts import form, post, text_in

pytestmark = pytest.mark.django_db
ADA = "+17205550123"


@pytest.fixture
def delivery():
    return Delivery.objects.create(phone=ADA, status="accepted")


def report(pk, **fields):
    """The status of the response to a signed report."""
    path = f"/webhooks/twilio/status/{pk}"
    fields = {"MessageSid": "SM" + "a" * 32, "MessageStatus": "delivered", "To": ADA, **fields}
    headers = {"X-Twilio-Signature": sign(f"http://testserver{path}", fields)}
    return Client(raise_request_exception=False).post(path, fields, headers=headers).status_code


REASONS = (
    OperationalError("database or disk is full"),
    InternalError("cannot execute UPDATE in a read-only transaction"),
    OSError(28, "No space left on device"),
    TookTooLong(),
)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: type(reason).__name__)
def test_requests_that_cannot_be_stored_get_a_503(delivery, monkeypatch, caplog, reason):
    def fail(*args, **kwargs):
        raise reason

    monkeypatch.setattr(status_callbacks, "apply", fail)
    monkeypatch.setattr(receive, "receive", fail)
    assert report(delivery.pk) == 503
    assert post(form(ADA, "Hello")).status_code == 503
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    assert not any(record.exc_info for record in caplog.records)
    assert ADA not in caplog.text


def test_bugs_are_reported_as_errors(delivery, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError("NOT NULL constraint failed")

    monkeypatch.setattr(status_callbacks, "apply", fail)
    assert report(delivery.pk) == 500


def test_nothing_is_stored_after_the_time_limit(delivery, monkeypatch):
    monkeypatch.setattr(views, "STORED_WITHIN_SECONDS", 0)
    assert report(delivery.pk) == 503
    assert post(form(ADA, "Hello")).status_code == 503
    delivery.refresh_from_db()
    assert delivery.status == "accepted"
    assert not InboxMessage.objects.exists()


def test_a_text_that_was_stored_after_all_is_answered_once_when_repeated(monkeypatch):
    """The commit was running when the time limit passed."""
    KeywordAutomationRule.objects.create(keyword="HOURS", response_body="Nine to five.")
    fields, run = form(ADA, "hours"), group_commit.run

    def run_late(work):
        run(work)
        raise TookTooLong

    with monkeypatch.context() as patch:
        patch.setattr(group_commit, "run", run_late)
        assert post(fields).status_code == 503
    assert text_in(ADA, "hours", MessageSid=fields["MessageSid"]) == "Nine to five."
    assert InboxMessage.objects.filter(direction="inbound").count() == 1
    assert Delivery.objects.count() == 1


def test_a_report_that_was_stored_after_all_changes_nothing_when_repeated(delivery, monkeypatch):
    apply = status_callbacks.apply

    def apply_late(*args, **kwargs):
        apply(*args, **kwargs)
        raise TookTooLong

    with monkeypatch.context() as patch:
        patch.setattr(status_callbacks, "apply", apply_late)
        assert report(delivery.pk) == 503
    assert report(delivery.pk) == 204
    delivery.refresh_from_db()
    assert delivery.status == "delivered"


def test_forged_requests_are_refused_without_a_query(delivery, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert post(form(ADA, "Hello"), signature="made up").status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
def test_a_read_only_database_logs_no_traceback(delivery):
    connection.connection.execute("PRAGMA query_only = ON")
    try:
        assert report(delivery.pk) == 503
        assert post(form(ADA, "Hello")).status_code == 503
    finally:
        connection.connection.execute("PRAGMA query_only = OFF")
