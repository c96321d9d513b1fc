"""Signs of life of the workers: each writes one every few seconds, from its main process.

A worker that stops removes its own row. The row of one that was killed grows old, and is removed after a day.
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
# A worker waits up to 30 s for SQLite's lock, and then has other things to do before its next beat.
SILENT_AFTER: Final = timedelta(seconds=60)
FORGOTTEN_AFTER: Final = timedelta(days=1)


class Heart:
    """One worker's beat. It writes at most every BEAT_SECONDS."""

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
        WorkerHeartbeat.objects.filter(shared_clock.is_past("beat_at", now, FORGOTTEN_AFTER)).delete()
        self._beaten_at = time.monotonic()

    def stop(self) -> None:
        """Remove the row. Raises nothing: a worker stops also when its database is away."""
        if self._started_at is None:
            return
        try:
            WorkerHeartbeat.objects.filter(token=self._token).delete()
        except Exception as error:  # noqa: BLE001 - whatever a database raises when it is away
            logger.warning("The worker's heartbeat could not be removed (%s).", type(error).__name__)
        self._reset()


_heart = Heart()


def beat() -> None:
    """For the worker's clock: say that this worker lives."""
    _heart.beat()


def stop() -> None:
    """At the end of a worker: let nobody think that it still lives."""
    _heart.stop()


def last_beat() -> datetime | None:
    """When any worker gave its last sign of life; None if none did within a day.

    A sign of the future was given before the clock was set back, and says nothing.
    """
    signs = WorkerHeartbeat.objects.filter(beat_at__lte=shared_clock.now() + shared_clock.SKEW)
    return signs.aggregate(last=Max("beat_at"))["last"]


def living(now: datetime | None = None, database: str = DEFAULT_DB_ALIAS) -> list[WorkerHeartbeat]:
    """The workers that gave a sign of life lately, in the order of their hosts."""
    now = now or shared_clock.now()
    signs = WorkerHeartbeat.objects.using(database).filter(
        beat_at__gt=now - SILENT_AFTER, beat_at__lte=now + shared_clock.SKEW
    )
    return list(signs.order_by("host", "started_at"))
