"""The staff's pages for messages, a module a model."""

from .blasts import MessageLogAdmin
from .people import TextedEventAdmin, TextedMemberAdmin, TextedRegistrationAdmin
from .scheduled import ScheduledMessageAdmin

__all__ = [
    "MessageLogAdmin",
    "ScheduledMessageAdmin",
    "TextedEventAdmin",
    "TextedMemberAdmin",
    "TextedRegistrationAdmin",
]
