"""The Redis queue, under a name unique to this installation (django-q2's `broker_class`)."""

from typing import Any

from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from .. import installation


class InstallationQueue(Redis):
    """django-q2's broker, with the queue and the workers' statistics under this installation's name.

    The first one created in a process reads the name from the database.
    """

    def __init__(self, list_key: str | None = None) -> None:
        is_ours = list_key in (None, Conf.CLUSTER_NAME)
        super().__init__(list_key=installation.queue_name() if is_ours else list_key)

    def set_stat(self, key: str, value: Any, timeout: int) -> None:
        super().set_stat(self._own(key), value, timeout)

    def get_stat(self, key: str) -> Any:
        return super().get_stat(self._own(key))

    def get_stats(self, pattern: str) -> Any:
        return super().get_stats(self._own(pattern))

    @staticmethod
    def _own(key: str) -> str:
        return key.replace(Conf.Q_STAT, f"django_q:{installation.queue_name()}:cluster", 1)
