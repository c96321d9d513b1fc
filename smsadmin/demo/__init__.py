"""Made-up people, events and past blasts: an installation to look at. The numbers are those kept for fiction.

The same data each time. Adding it again changes nothing.
"""

from dataclasses import dataclass

from django.db import transaction

from . import blasts, people


@dataclass(frozen=True)
class Added:
    """How many rows were new."""

    members: int
    events: int
    registrations: int
    unsubscribed: int
    suppressed: int
    blasts: int

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.events or self.registrations or self.blasts)


@transaction.atomic
def add() -> Added:
    """Add whatever is missing, in one transaction."""
    crowd = people.make_people()
    members = people.add_members(crowd)
    events, registrations = people.add_events(crowd)
    unsubscribed, suppressed = people.add_opt_outs(crowd)
    return Added(members, events, registrations, unsubscribed, suppressed, blasts.add())
