"""What staff do to surveys and keywords at the very moment at which somebody texts, on PostgreSQL.

On SQLite there is one writer at a time, and nothing of this can happen.
"""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from messaging import keywords
from messaging.models import InboxMessage, KeywordAutomationRule
from surveys.models import SurveyFlow, SurveySession
from tests.messaging.inbound_texts import text_in as post

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL has two writers"),
]
ADA = "+17205550123"
HOW_MANY_WAIT = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@contextmanager
def meanwhile(first, then):
    """In a transaction of somebody else: `first()`, then `then()` once the block has to wait for it, then commit."""
    has_begun, problems = threading.Event(), []

    def work():
        try:
            with transaction.atomic():
                first()
                has_begun.set()
                wait_for_somebody()
                then()
        except Exception as problem:  # noqa: BLE001 - the test tells
            problems.append(problem)
        finally:
            has_begun.set()
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    has_begun.wait(10)
    try:
        yield
    finally:
        thread.join(10)
        assert not problems


def wait_for_somebody():
    moment = threading.Event()
    with connection.cursor() as cursor:
        for _ in range(1_000):
            # Otherwise a transaction sees what it saw the first time.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(HOW_MANY_WAIT)
            if cursor.fetchone()[0]:
                return
            moment.wait(0.01)
    raise AssertionError("Nobody has waited.")


@pytest.mark.parametrize(
    ("before", "body"),
    [(["PICNIC"], "Ada"), (["PICNIC", "Ada"], "Cake"), (["PICNIC"], "picnic"), ([], "Picnic, please")],
)
def test_a_survey_that_is_deleted_while_somebody_texts_is_gone_for_them(make_survey, before, body):
    survey = make_survey(trigger_keyword="PICNIC")
    for text in before:
        post(ADA, text)

    def lock():
        SurveyFlow.objects.select_for_update().get(pk=survey.pk)

    def delete():
        SurveySession.objects.filter(survey=survey).delete()
        SurveyFlow.objects.filter(pk=survey.pk).delete()

    with meanwhile(lock, delete):
        assert post(ADA, body) == ""
    assert InboxMessage.objects.filter(body=body).exists()
    assert not SurveySession.objects.exists()


def test_of_two_who_give_out_a_keyword_at_once_the_second_is_refused():
    def save():
        KeywordAutomationRule.objects.create(keyword="PICNIC", response_body="At six.")

    with meanwhile(lambda: keywords.why_refused("PICNIC"), save), transaction.atomic():
        assert "PICNIC is already the keyword of a keyword reply" in keywords.why_refused("PICNIC")
