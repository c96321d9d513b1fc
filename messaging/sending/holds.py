"""What may keep people waiting at the moment of sending. Rooms above this one register their reasons."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final

from smsadmin.lib.registry import Registry

from ..models import Delivery

# Of the rows about to be claimed, those that have to wait, with the time until which. Called within the claim.
Hold = Callable[[Collection[Delivery], datetime], Mapping[int, datetime]]

holds: Final[Registry[Hold]] = Registry()


def find(rows: Collection[Delivery], now: datetime) -> dict[int, datetime]:
    """Which rows have to wait, and until when: the latest time that any reason gives."""
    until: dict[int, datetime] = {}
    for hold in holds:
        for pk, at in hold(rows, now).items():
            until[pk] = max(at, until.get(pk, at))
    return until
