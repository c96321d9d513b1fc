"""Identifies the installation that a database belongs to, so that several can share one Redis.

The id is stored in the database, along with a description of the database it was created for. A copy, such as one
restored for a drill, no longer matches its description and gets a new id, so that it never runs the original's tasks.
Tasks under an id that is no longer used are only delayed: the sweep requeues whatever is left to do.
"""

import logging
import os
import uuid
from functools import cache

from django.db import connection
from django_q.conf import Conf

from .doctor.storage import sqlite_path
from .models import Installation

logger = logging.getLogger(__name__)


def queue_name() -> str:
    """The name of this installation's queue in Redis. Queries the database once per process."""
    return f"{Conf.CLUSTER_NAME}-{_token()[:12]}"


def queue_key() -> str:
    """The key of that queue, as django-q2 derives it from the name."""
    return f"django_q:{queue_name()}:q"


@cache
def _token() -> str:
    """32 hex digits. Processes that start at the same time agree on them."""
    here = _describe_database()
    found, _ = Installation.objects.get_or_create(pk=Installation.ONLY, defaults={"database": here})
    if found.database != here:
        if Installation.objects.filter(database=found.database).update(database=here, token=uuid.uuid4()):
            logger.warning("This database is a copy. It has its own queue from now on.")
        found.refresh_from_db()
    return found.token.hex


def _describe_database() -> str:
    """What distinguishes a database from its copies, and is the same wherever it is accessed from.

    A PostgreSQL server that takes over from another by replication counts as the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) "
                "FROM pg_control_system()"
            )
            return "postgresql {} {}".format(*cursor.fetchone())
    path = sqlite_path()
    return f"sqlite {os.stat(path).st_ino}" if path else "sqlite in memory"
