import pytest

from messaging.backends import Refused
from messaging.composing.audience import Audience
from messaging.models import RetryWhom
from messaging.sending import dispatch


@pytest.fixture
def finished(make_member, start_blast, send, locmem):
    """A blast with one soft failure, one hard failure, one delivery and one skipped as canceled."""
    soft, hard, waiting, _ = (make_member() for _ in range(4))
    locmem.script[soft.phone] = Refused(21612, "no route")
    locmem.script[hard.phone] = Refused(21614, "not mobile")
    log = start_blast("Hello")
    log.deliveries.filter(phone=waiting.phone).update(status="skipped", skip_reason="cancelled")
    log = send(log)
    locmem.script.clear()
    locmem.outbox.clear()
    log.soft, log.hard, log.waiting = soft.phone, hard.phone, waiting.phone
    return log


@pytest.fixture
def retry(send, locmem):
    def run(log, whom):
        return send(dispatch.start(log.message_body, Audience(log.target, retry_of=log, retry_whom=whom)))

    return run


def test_a_retry_only_goes_to_soft_failures(finished, retry, locmem):
    log = retry(finished, RetryWhom.FAILED)
    assert [to for to, _, _ in locmem.outbox] == [finished.soft]
    assert log.retry_of == finished


def test_a_resend_goes_to_everyone_who_missed_it_and_may_be_texted(finished, retry, locmem):
    log = retry(finished, RetryWhom.UNREACHED)
    assert {to for to, _, _ in locmem.outbox} == {finished.soft, finished.waiting}
    assert log.deliveries.get(phone=finished.hard).skip_reason == "suppressed"


def test_people_reached_by_a_retry_are_never_retried_again(finished, retry, locmem):
    retry(finished, RetryWhom.FAILED)
    retry(finished, RetryWhom.UNREACHED)
    assert sorted(to for to, _, _ in locmem.outbox) == sorted([finished.soft, finished.waiting])


def test_a_second_retry_with_nobody_left_is_refused(finished, retry):
    retry(finished, RetryWhom.FAILED)
    with pytest.raises(dispatch.EmptyAudience):
        retry(finished, RetryWhom.FAILED)


def test_a_retry_that_failed_can_be_tried_once_more(finished, retry, locmem):
    locmem.script[finished.soft] = [Refused(21612, "no route"), None]
    retry(finished, RetryWhom.FAILED)
    retry(finished, RetryWhom.FAILED)
    assert [to for to, _, _ in locmem.outbox] == [finished.soft]
