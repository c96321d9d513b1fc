"""Scheduled blasts with real workers. bench/punctuality measures how late they are."""

import pytest

from bench.punctuality import measure
from tests import twilio_standin
from tests.processes import free_port, installation, is_listening, postgres_database

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_with_two_workers_each_scheduled_blast_goes_out_once_and_never_early(tmp_path, database):
    port = free_port()
    environment = twilio_standin.environment(port)

    def check(site):
        late = measure(site, clusters=2, count=10, span=10.0, standin_port=port)
        assert len(late) == 10
        assert min(late) >= 0
        assert site.query("SELECT COUNT(*) FROM message_logs") == [(10,)]

    if database == "sqlite":
        with installation(tmp_path, **environment) as site:
            check(site)
    elif not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    else:
        with postgres_database() as url, installation(tmp_path, url, **environment) as site:
            check(site)
