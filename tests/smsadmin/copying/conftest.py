import io
import shutil
from contextlib import ExitStack

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from smsadmin.copying import addresses
from tests.processes import postgres_database


@pytest.fixture(scope="session")
def make_empty_database(django_db_setup, tmp_path_factory, request):
    """The URL of a new database with tables and no rows, of the kind that the tests use."""
    # Before any test starts, because the file can't be created in a transaction.
    migrated = request.getfixturevalue("migrated_file") if connection.vendor == "sqlite" else None
    with ExitStack() as until_end:

        def make():
            if connection.vendor == "postgresql":
                return until_end.enter_context(postgres_database())
            path = tmp_path_factory.mktemp("new") / "sms.db"
            shutil.copyfile(migrated, path)
            return f"sqlite:///{path}"

        yield make


@pytest.fixture
def target_url(db, make_empty_database):
    return make_empty_database()


@pytest.fixture
def copy(target_url):
    """Runs the command, and returns its output and exit code."""

    def call(url=None):
        out = io.StringIO()
        try:
            call_command("copy_database", url or target_url, stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}{error}", error.returncode
        return out.getvalue(), 0

    return call


@pytest.fixture
def copied(target_url):
    """The rows of a model in the new database, each as a dict."""

    def read(model):
        with addresses.opened(target_url) as target:
            return list(model._base_manager.using(target.alias).order_by("pk").values())

    return read


@pytest.fixture
def run_there(target_url):
    """The rows of an SQL statement in the new database."""

    def run(statement, *parameters):
        with addresses.opened(target_url) as target, target.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run
