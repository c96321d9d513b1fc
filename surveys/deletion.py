"""Deleting surveys with all that belongs to them, bit by bit: whoever texts in meanwhile waits for a bit at most.

A survey is switched off first, so that nobody starts it any more, and goes last. If the process ends in between, the
survey is still there, switched off, with the sessions that are left: it can be deleted again.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from smsadmin.lib import group_commit
from smsadmin.lib.locks import lock_bulk_changes

from .models import SurveyFlow, SurveySession

_SESSIONS_AT_ONCE: Final = 1000


def delete(surveys: Iterable[int]) -> None:
    """Delete the surveys (ids). Not to be called within a transaction, which would hold up everybody to its end."""
    keys = list(surveys)
    group_commit.run(lambda: SurveyFlow.objects.filter(pk__in=keys).update(is_active=False))
    for pk in keys:
        while group_commit.run(partial(_delete_some, pk)):
            pass


def _delete_some(pk: int) -> bool:
    """Delete some sessions with their answers; with the last of them the survey. Whether there is more to do."""
    # Opt-outs of many end the conversations of many.
    lock_bulk_changes()
    # Who is in the survey waits, and finds the session gone.
    SurveyFlow.objects.select_for_update().filter(pk=pk).order_by().first()
    sessions = SurveySession.objects.filter(survey=pk).order_by("pk").values_list("pk", flat=True)
    batch = list(sessions[:_SESSIONS_AT_ONCE])
    SurveySession.objects.filter(pk__in=batch).delete()
    if len(batch) == _SESSIONS_AT_ONCE:
        return True
    SurveyFlow.objects.filter(pk=pk).delete()
    return False
