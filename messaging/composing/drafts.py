"""Drafts: what is kept of a message between the compose page and its confirmation."""

import uuid

from django.db import connection, transaction
from django.db.models import QuerySet, Value

from accounts.models import AppUser
from contacts.models import CommunityMember

from ..models import Draft


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
