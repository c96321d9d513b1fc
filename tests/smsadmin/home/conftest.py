import pytest
from django.utils import timezone
from django_q.models import Schedule

from messaging.backends.locmem import LocmemBackend
from messaging.models import MessageLog


@pytest.fixture(autouse=True)
def locmem():
    LocmemBackend.reset()
    yield LocmemBackend
    LocmemBackend.reset()


@pytest.fixture(autouse=True)
def timely(db):
    """The recurring tasks were made as the database was, however long ago in this run that is."""
    Schedule.objects.update(next_run=timezone.now())


@pytest.fixture
def make_log(db):
    def make(**fields):
        return MessageLog.objects.create(
            **{"message_body": "Picnic at six", "target": "community", "audience_name": "Community", **fields}
        )

    return make


@pytest.fixture
def page(admin_client):
    return lambda: admin_client.get("/admin/").content.decode()
