"""Sample people, events, blasts, conversations and surveys: an installation to look at.

The phone numbers are reserved for fiction. The data is always the same, and adding it again changes nothing.
"""

from dataclasses import astuple, dataclass

from django.db import transaction

from messaging.backends import get_backend

from . import blasts, conversations, people, scheduled, surveys


@dataclass(frozen=True)
class Added:
    """How many rows were new."""

    members: int
    events: int
    registrations: int
    unsubscribed: int
    suppressed: int
    blasts: int
    keyword_replies: int
    surveys: int
    conversations: int
    scheduled: int

    @property
    def is_empty(self) -> bool:
        return not any(astuple(self))


@transaction.atomic
def add() -> Added:
    """Adds whatever is missing, in one transaction.

    If there are real people, nothing is added that would text them by itself: no scheduled messages, and keyword
    replies and surveys are turned off.
    """
    is_alone = get_backend().is_simulated and not people.count_real_people()
    crowd = people.make_people()
    return Added(
        people.add_members(crowd),
        *people.add_events(crowd),
        *people.add_opt_outs(crowd),
        blasts.add(),
        conversations.add_rules(conversations.choose_bystanders(crowd), is_alone),
        surveys.add(conversations.choose_bystanders(crowd), is_alone),
        conversations.add(crowd),
        scheduled.add() if is_alone else 0,
    )
