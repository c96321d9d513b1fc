"""An installation that sends through the stand-in for Twilio, on each database."""

import pytest

from tests import twilio_standin
from tests.processes import free_port, installation, is_listening, postgres_database

CONCURRENCY = 10


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path):
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_CONCURRENCY": str(CONCURRENCY),
        "Q_WORKERS": "2",
    }
    if request.param == "sqlite":
        with installation(tmp_path, **environment) as made:
            made.standin_port = port
            yield made
        return
    if not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    with postgres_database() as url, installation(tmp_path, url, **environment) as made:
        made.standin_port = port
        yield made


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run tests with long waits first, so that the others fill the gaps and no slow one is left at the end."""
    items.sort(key=lambda item: "endtoend" not in item.path.parts)
