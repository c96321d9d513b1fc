import pytest

from tests.admin_pages import squeeze
from tests.messaging.conversations import address, make_thread


@pytest.fixture
def thread(make_phone):
    """A conversation in which two texts are unread."""
    return make_thread(make_phone(), "Is there parking?", "And bikes?", is_read=False)


@pytest.fixture
def press(manager_client, django_capture_on_commit_callbacks):
    """Post to a page of a conversation; the page that follows, without runs of blanks."""

    def run(thread, page, client=manager_client, **data):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(address(thread, page), data, follow=True)
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run


@pytest.fixture
def long_thread(make_phone):
    """A conversation of 120 texts, more than a page shows."""
    return make_thread(make_phone(), *(f"text number {number}." for number in range(120)))
