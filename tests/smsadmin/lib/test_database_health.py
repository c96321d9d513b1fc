import pytest
from django.db import connection

from smsadmin.lib import database_health

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection that can be lost"),
]


@pytest.fixture(autouse=True)
def unchecked():
    connection.ensure_connection()
    connection.health_check_done = False
    yield
    connection.close()


def test_an_open_connection_is_not_checked(django_assert_num_queries):
    with django_assert_num_queries(0):
        database_health.check_quickly()
    assert connection.health_check_done


def test_a_connection_that_the_server_has_ended_is_left_to_djangos_check():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    connection.health_check_done = False
    database_health.check_quickly()
    assert not connection.health_check_done
    assert not connection.is_usable()
