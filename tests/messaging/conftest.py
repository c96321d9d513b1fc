import pytest

from messaging import sending
from messaging.audience import Audience
from messaging.backends import reset
from messaging.backends.locmem import LocmemBackend
from messaging.models import Target


@pytest.fixture(autouse=True)
def locmem():
    """The backend of the tests, empty; `locmem.outbox` has what was sent, `locmem.script` what is to happen."""
    LocmemBackend.reset()
    yield LocmemBackend
    LocmemBackend.reset()
    reset()


@pytest.fixture
def start_blast(db):
    """A blast to the community, or to `event`, that nobody has begun to send."""

    def start(body="Hello", event=None):
        audience = Audience(Target.EVENT if event else Target.COMMUNITY, event)
        return sending.start(body, audience)

    return start


@pytest.fixture
def send(db):
    """Send a blast as the queue would, to its end; the blast as it is then."""

    def run(log):
        sending.nudge(log)
        log.refresh_from_db()
        return log

    return run
