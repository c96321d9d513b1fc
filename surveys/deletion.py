"""Deletes surveys and everything that belongs to them, in batches, so that texts coming in only wait for one batch.

A survey is turned off first, so that nobody starts it, and deleted last. If the process ends in between, the survey
is still there, turned off, with the remaining sessions, and can be deleted again.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from smsadmin.lib import group_commit
from smsadmin.lib.locks import lock_bulk_changes

from .models import SurveyFlow, SurveySession

_SESSIONS_AT_ONCE: Final = 1000


def delete(surveys: Iterable[int]) -> None:
    """Deletes the surveys (ids). Don't call it in a transaction, which would block everyone until its end."""
    keys = list(surveys)
    group_commit.run(lambda: SurveyFlow.objects.filter(pk__in=keys).update(is_active=False))
    for pk in keys:
        while group_commit.run(partial(_delete_some, pk)):
            pass


def _delete_some(pk: int) -> bool:
    """Deletes some sessions with their answers; with the last of them, the survey. Whether there is more to do."""
    # An opt-out of many people ends many sessions.
    lock_bulk_changes()
    # Anyone taking the survey waits, and then finds the session gone.
    SurveyFlow.objects.select_for_update().filter(pk=pk).order_by().first()
    sessions = SurveySession.objects.filter(survey=pk).order_by("pk").values_list("pk", flat=True)
    batch = list(sessions[:_SESSIONS_AT_ONCE])
    SurveySession.objects.filter(pk__in=batch).delete()
    if len(batch) == _SESSIONS_AT_ONCE:
        return True
    SurveyFlow.objects.filter(pk=pk).delete()
    return False
