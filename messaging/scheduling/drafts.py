"""Turning drafts into blasts and scheduled blasts, and scheduled blasts back into drafts."""

from datetime import datetime

from django.db import transaction

from accounts.models import AppUser
from contacts.models import CommunityMember
from messaging.composing.drafts import select_members

from ..composing.audience import Audience
from ..models import Draft, MessageLog, ScheduledMessage, Target
from ..sending.dispatch import send_draft
from ..text.encoding import to_gsm
from ..text.personalization import tidy
from .scheduled_messages import Changed, audience_of, schedule_draft


def write_again(message: ScheduledMessage, user: AppUser) -> Draft:
    """A new draft with a scheduled blast's text and audience, without an event if that was deleted.

    Raises AudienceLost if the selection of people was deleted.
    """
    is_event_gone = message.target == Target.EVENT and message.event is None and not message.is_selection
    audience = Audience(message.target) if is_event_gone else audience_of(message)
    if audience.selection is not None:
        chosen = CommunityMember.objects.filter(pk__in=audience.selection.members.values("pk"))
        draft = select_members(chosen, user)
    else:
        draft = Draft(
            created_by=user,
            retry_of=audience.retry_of,
            retry_whom=audience.retry_whom,
            retry_reason=audience.retry_reason,
        )
    draft.message_body = message.message_body
    draft.has_opt_out_line = False
    draft.target, draft.event, draft.test_mode = message.target, message.event, message.test_mode
    draft.definition = message.definition
    draft.save()
    return draft


def send(draft: Draft, user: AppUser, seen: str) -> tuple[MessageLog | None, bool]:
    """Send the draft whose `version` the user has `seen`. Returns as `dispatch.send_draft` does.

    Raises Changed if the draft was edited since, perhaps in another window.
    """
    with transaction.atomic():
        return send_draft(_as_seen(draft, seen), user)


def schedule(draft: Draft, at: datetime, user: AppUser, seen: str) -> tuple[ScheduledMessage, bool]:
    """Schedule the draft whose `version` the user has `seen`. Returns as `schedule_draft` does.

    Raises Changed, BadTime and AlreadySent.
    """
    with transaction.atomic():
        return schedule_draft(_as_seen(draft, seen), at, user)


def make_plain(draft: Draft, seen: str) -> None:
    """Replace or remove the characters that cost more. Raises Changed."""
    with transaction.atomic():
        current = _as_seen(draft, seen)
        if current.sent_at is None:
            current.message_body = tidy(to_gsm(current.message_body, drops_rest=True))
            current.save()


def leave_out_incomplete(draft: Draft, seen: str) -> None:
    """Decide that people without a value for a field are left out. Raises Changed."""
    with transaction.atomic():
        current = _as_seen(draft, seen)
        if current.sent_at is None:
            current.leaves_out_incomplete = True
            current.save()


def _as_seen(draft: Draft, seen: str) -> Draft:
    current = Draft.objects.select_for_update().get(pk=draft.pk)
    if current.sent_at is None and current.version != seen:
        raise Changed(draft.pk)
    return current
