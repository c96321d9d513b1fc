"""SMS backends. settings.SMS_BACKEND names one, as EMAIL_BACKEND does for mail."""

import os
import threading
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from messaging.backends.base import (
    AccountReport,
    BaseBackend,
    OutcomeUnknown,
    ReceivedMessage,
    Refused,
    SendError,
    SendResult,
    SentMessage,
    TryLater,
)

__all__ = [
    "AccountReport",
    "BaseBackend",
    "OutcomeUnknown",
    "ReceivedMessage",
    "Refused",
    "SendError",
    "SendResult",
    "SentMessage",
    "TryLater",
    "get_backend",
    "reset",
]

_lock = threading.Lock()
_instance: BaseBackend | None = None


def get_backend() -> BaseBackend:
    """This process's backend: settings.SMS_BACKEND, created for settings.SMS_CONCURRENCY concurrent calls."""
    global _instance
    with _lock:
        if _instance is None:
            _instance = import_string(settings.SMS_BACKEND)(settings.SMS_CONCURRENCY)
        return _instance


def reset() -> None:
    """Close this process's backend. The next get_backend() reads the settings again."""
    global _instance
    with _lock:
        instance, _instance = _instance, None
    if instance is not None:
        instance.close()


def _forget_in_child() -> None:
    """A forked worker creates its own backend, because processes must not share connections."""
    global _lock, _instance
    _lock, _instance = threading.Lock(), None


def _forget_old_settings(*, setting: str, **_: Any) -> None:
    if setting.startswith(("SMS_", "TWILIO_")):
        reset()


os.register_at_fork(after_in_child=_forget_in_child)
setting_changed.connect(_forget_old_settings)
