"""Drafts: what is kept of a message between the compose page and its confirmation."""

import uuid
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet, Value

from accounts.models import AppUser
from contacts.models import CommunityMember

from .audience import Audience
from .models import Draft, MessageLog, ScheduledMessage, Target
from .scheduling import Changed, audience_of, schedule_draft
from .sending import send_draft


class NotYours(Exception):
    """The draft is another user's."""


def find(token: uuid.UUID, user: AppUser) -> Draft | None:
    """The user's draft of that token, None if there is none.

    Raises NotYours for anybody else's, and to admins too: a blast has one author, who knows what it says.
    """
    draft = Draft.objects.select_related("event", "message_log").filter(token=token).first()
    if draft is not None and draft.created_by_id != user.pk:
        raise NotYours(token)
    return draft


def has_fixed_audience(draft: Draft) -> bool:
    """Whether the people were chosen before the compose page: on a list, or by an earlier blast."""
    return draft.is_selection or draft.retry_of_id is not None


def select_members(members: "QuerySet[CommunityMember]", user: AppUser) -> Draft:
    """A new draft to these members; to the community if `members` are all of them.

    One INSERT … SELECT: neither time in Python nor memory grows with the number of members.
    """
    if not members.query.has_filters() and not members.query.is_sliced:
        return Draft.objects.create(created_by=user)
    quote = connection.ops.quote_name
    table = quote(Draft.members.through._meta.db_table)
    with transaction.atomic():
        draft = Draft.objects.create(created_by=user, is_selection=True)
        chosen = members.order_by().annotate(chosen_for=Value(draft.pk)).values_list("chosen_for", "pk")
        sql, parameters = chosen.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} (draft_id, communitymember_id) {sql}", parameters)
    return draft


def write_again(message: ScheduledMessage, user: AppUser) -> Draft:
    """A new draft of a scheduled message's text to the same people; of an event that is gone, without any event.

    Raises scheduling.AudienceLost where the people had been chosen one by one.
    """
    is_event_gone = message.target == Target.EVENT and message.event is None and not message.is_selection
    audience = Audience(message.target) if is_event_gone else audience_of(message)
    if audience.selection is not None:
        chosen = CommunityMember.objects.filter(pk__in=audience.selection.members.values("pk"))
        draft = select_members(chosen, user)
    else:
        draft = Draft(created_by=user, retry_of=audience.retry_of, retry_whom=audience.retry_whom)
    draft.message_body = message.message_body
    draft.has_opt_out_line = False
    draft.target, draft.event, draft.test_mode = message.target, message.event, message.test_mode
    draft.save()
    return draft


def send(draft: Draft, user: AppUser, seen: str) -> tuple[MessageLog | None, bool]:
    """Send the draft whose `version` the user has `seen`; the result is that of `sending.send_draft`.

    Raises scheduling.Changed if the draft has been written to since, in another window perhaps.
    """
    with transaction.atomic():
        return send_draft(_as_seen(draft, seen), user)


def schedule(draft: Draft, at: datetime, user: AppUser, seen: str) -> tuple[ScheduledMessage, bool]:
    """Schedule the draft whose `version` the user has `seen`; the result is that of `schedule_draft`.

    Raises as `send` does, and scheduling.BadTime and scheduling.AlreadySent.
    """
    with transaction.atomic():
        return schedule_draft(_as_seen(draft, seen), at, user)


def _as_seen(draft: Draft, seen: str) -> Draft:
    current = Draft.objects.select_for_update().get(pk=draft.pk)
    if current.sent_at is None and current.version != seen:
        raise Changed(draft.pk)
    return current
