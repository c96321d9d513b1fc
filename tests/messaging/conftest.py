import uuid

import pytest

from messaging.backends import reset
from messaging.backends.locmem import LocmemBackend
from messaging.composing.audience import Audience
from messaging.inbox import replies
from messaging.models import Delivery, InboxThread, KeywordAutomationRule, MessageLog, Target
from messaging.sending import dispatch
from tests.admin_pages import squeeze

from .admin.pages import address


@pytest.fixture(autouse=True)
def locmem():
    """The test backend, empty; `locmem.outbox` has what was sent, `locmem.script` what should happen."""
    LocmemBackend.reset()
    yield LocmemBackend
    LocmemBackend.reset()
    reset()


@pytest.fixture
def start_blast(db):
    """A blast to the community, or to `event`, that isn't being sent yet."""

    def start(body="Hello", event=None):
        audience = Audience(Target.EVENT if event else Target.COMMUNITY, event)
        return dispatch.start(body, audience)

    return start


@pytest.fixture
def send(db):
    """Send a blast to the end, as the queue would; returns it as it is then."""

    def run(log):
        dispatch.nudge(log)
        log.refresh_from_db()
        return log

    return run


@pytest.fixture
def make_log(manager_user):
    """A running blast without recipients so far."""

    def make(**fields):
        return MessageLog.objects.create(
            **{
                "message_body": "Hi {first_name}, come to the picnic",
                "target": "community",
                "audience_name": "Community",
                "status": "processing",
                "created_by": manager_user,
                **fields,
            }
        )

    return make


@pytest.fixture
def make_delivery(make_phone, make_name):
    """Add a recipient to a blast, in any state."""

    def make(log, status=Delivery.Status.PENDING, **fields):
        return Delivery.objects.create(
            **{"message_log": log, "phone": make_phone(), "name": make_name(), "status": status, **fields}
        )

    return make


@pytest.fixture
def make_thread(db, make_phone):
    """A conversation without texts so far."""

    def make(**fields):
        return InboxThread.objects.create(**{"phone": make_phone(), **fields})

    return make


@pytest.fixture
def make_rule(db):
    """A keyword reply."""

    def make(keyword="JOIN", response_body="Welcome!", **fields):
        return KeywordAutomationRule.objects.create(keyword=keyword, response_body=response_body, **fields)

    return make


@pytest.fixture
def reply(manager_user, django_capture_on_commit_callbacks):
    """Write a reply in a conversation; in tests, the queue sends it at once."""

    def write(thread, body="Hello", token=None):
        with django_capture_on_commit_callbacks(execute=True):
            return replies.reply(thread, body, manager_user, token or uuid.uuid4())

    return write


class Queue:
    """Tasks that wait until `run` is called; `tasks` has their arguments."""

    def __init__(self):
        self.tasks = []

    def put(self, path, *arguments, **options):
        assert path == "messaging.tasks.send"
        self.tasks.append(arguments)

    def run(self, seconds=5):
        while self.tasks:
            dispatch.send_slice(*self.tasks.pop(0), seconds=seconds)


@pytest.fixture
def queue(monkeypatch):
    """Replaces the queue, which in tests runs each task at once."""
    queue = Queue()
    monkeypatch.setattr(dispatch, "async_task", queue.put)
    return queue


@pytest.fixture
def show(manager_client):
    """The text of a blast's page with single spaces."""

    def run(log, page="change/", **query):
        response = manager_client.get(address(log, page), query)
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run
