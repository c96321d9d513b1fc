"""The workers' heartbeats: each worker's main process writes one every few seconds.

A worker that stops deletes its row. The row of a killed worker goes stale, and is deleted after a day.
"""

import logging
import math
import os
import socket
import time
import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Max

from smsadmin.lib import shared_clock

from ..models import WorkerHeartbeat

logger = logging.getLogger(__name__)

BEAT_SECONDS: Final = 5.0
# A worker may wait 30 s for SQLite's lock, and then do other work before its next beat.
SILENT_AFTER: Final = timedelta(seconds=60)
DELETED_AFTER: Final = timedelta(days=1)
# Within this time a worker that has just started gets to whatever became due while none was running.
SETTLES_WITHIN: Final = timedelta(minutes=1)


class Heart:
    """Writes one worker's heartbeat, at most every BEAT_SECONDS."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._token = uuid.uuid4()
        self._started_at: datetime | None = None
        self._beaten_at = -math.inf

    def beat(self) -> None:
        if time.monotonic() - self._beaten_at < BEAT_SECONDS:
            return
        now = shared_clock.now()
        self._started_at = self._started_at or now
        WorkerHeartbeat.objects.update_or_create(
            token=self._token,
            defaults={"beat_at": now},
            create_defaults={
                "beat_at": now,
                "started_at": self._started_at,
                "host": socket.gethostname()[:255],
                "pid": os.getpid(),
            },
        )
        WorkerHeartbeat.objects.filter(shared_clock.is_past("beat_at", now, DELETED_AFTER)).delete()
        self._beaten_at = time.monotonic()

    def stop(self) -> None:
        """Deletes the row. Raises nothing: a worker must be able to stop while its database is down."""
        if self._started_at is None:
            return
        try:
            WorkerHeartbeat.objects.filter(token=self._token).delete()
        except Exception as error:  # noqa: BLE001 - whatever a database raises when it's down
            logger.warning("The worker's heartbeat couldn't be deleted (%s).", type(error).__name__)
        self._reset()


_heart = Heart()


def beat() -> None:
    """The worker's clock task: writes this worker's heartbeat."""
    _heart.beat()


def stop() -> None:
    """When a worker stops: deletes its heartbeat, so that it no longer counts as running."""
    _heart.stop()


def last_beat() -> datetime | None:
    """The time of the latest heartbeat of any worker; None if there was none within a day.

    Heartbeats from the future, written before the clock was set back, don't count.
    """
    beats = WorkerHeartbeat.objects.filter(beat_at__lte=shared_clock.now() + shared_clock.SKEW)
    return beats.aggregate(last=Max("beat_at"))["last"]


def living(now: datetime | None = None, database: str = DEFAULT_DB_ALIAS) -> list[WorkerHeartbeat]:
    """The workers with a recent heartbeat, ordered by host."""
    now = now or shared_clock.now()
    beats = WorkerHeartbeat.objects.using(database).filter(
        beat_at__gt=now - SILENT_AFTER, beat_at__lte=now + shared_clock.SKEW
    )
    return list(beats.order_by("host", "started_at"))


def has_settled(now: datetime | None = None) -> bool:
    """Whether a worker has been running long enough that nothing due should still be waiting."""
    now = now or shared_clock.now()
    return any(now - worker.started_at > SETTLES_WITHIN for worker in living(now))
