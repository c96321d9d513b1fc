"""The home page: what needs attention, what is being sent, was sent and is scheduled, unread texts, and figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import AppUser
from messaging.inbox import conversations

from . import blasts, figures, notices, setup, unread


@dataclass(frozen=True, slots=True)
class Home:
    """The page for one user: only what they may see. What they may not is None."""

    notices: Sequence[notices.Notice]
    checklist: setup.Checklist | None
    running: Sequence[blasts.RunningLine] | None
    recent: Sequence[blasts.SentLine] | None
    scheduled: Sequence[blasts.ScheduledLine] | None
    unread: unread.Unread | None
    month: figures.Month | None
    people: figures.People | None

    @property
    def again_in(self) -> int | None:
        """In how many seconds to reload; None if nothing is changing."""
        if self.running:
            return 2
        if not self.scheduled:
            return None
        seconds = (self.scheduled[0].message.scheduled_at - timezone.now()).total_seconds()
        return min(max(round(seconds) + 2, 2), 60)


def home(user: AppUser | AnonymousUser) -> Home:
    """What the home page shows to `user`."""
    waiting = conversations.waiting() if user.has_perm("messaging.view_inboxthread") else None
    sees_blasts = user.has_perm("messaging.view_messagelog")
    return Home(
        notices=list(notices.find(user, waiting)),
        checklist=setup.checklist(user) if user.has_perm(setup.PERMISSION) and setup.is_wanted() else None,
        running=blasts.running() if sees_blasts else None,
        recent=blasts.recent() if sees_blasts else None,
        scheduled=blasts.scheduled() if user.has_perm("messaging.view_scheduledmessage") else None,
        unread=unread.unread(waiting) if waiting else None,
        month=figures.month() if sees_blasts else None,
        people=figures.people() if user.has_perm("contacts.view_communitymember") else None,
    )
