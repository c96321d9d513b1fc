"""The staff's pages for messages, a module a model."""

from .blasts.list import MessageLogAdmin
from .inbox.list import InboxThreadAdmin
from .keywords import KeywordAutomationRuleAdmin
from .people import TextedEventAdmin, TextedMemberAdmin, TextedRegistrationAdmin
from .scheduled.list import ScheduledMessageAdmin

__all__ = [
    "InboxThreadAdmin",
    "KeywordAutomationRuleAdmin",
    "MessageLogAdmin",
    "ScheduledMessageAdmin",
    "TextedEventAdmin",
    "TextedMemberAdmin",
    "TextedRegistrationAdmin",
]
