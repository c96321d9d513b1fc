"""Drafts: finding them, and creating them for selected members."""

import uuid

from django.db import connection, transaction
from django.db.models import QuerySet, Value

from accounts.models import AppUser
from contacts.models import CommunityMember

from ..models import Draft
from . import chips


class NotYours(Exception):
    """The draft belongs to another user."""


def find(token: uuid.UUID, user: AppUser) -> Draft | None:
    """The user's draft with that token, or None.

    Raises NotYours for anyone else's, even to admins: a blast has one author.
    """
    draft = Draft.objects.select_related("event", "message_log").filter(token=token).first()
    if draft is not None and draft.created_by_id != user.pk:
        raise NotYours(token)
    return draft


def has_fixed_audience(draft: Draft) -> bool:
    """Whether the audience was chosen before the compose page: on a list, by retrying a blast, as a test, or by a
    definition that the page can't show."""
    return draft.is_selection or draft.retry_of_id is not None or draft.test_mode or not chips.can_show(draft)


def copy(draft: Draft, user: AppUser) -> Draft:
    """A draft of the user's own with the words and the audience of someone's."""
    if draft.is_selection:
        chosen = CommunityMember.objects.filter(pk__in=draft.members.values("pk"))
        copied = select_members(chosen, user)
    else:
        copied = Draft(
            created_by=user,
            retry_of=draft.retry_of,
            retry_whom=draft.retry_whom,
            retry_reason=draft.retry_reason,
        )
    for name in ("message_body", "has_opt_out_line", "target", "event", "definition", "test_mode"):
        setattr(copied, name, getattr(draft, name))
    copied.save()
    return copied


def select_members(members: "QuerySet[CommunityMember]", user: AppUser) -> Draft:
    """A new draft to these members, or to the community if `members` is unfiltered.

    A single INSERT … SELECT, so memory doesn't grow with the number of members.
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
