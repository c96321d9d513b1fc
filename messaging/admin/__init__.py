"""The staff's pages for messages, a module a model."""

from .blasts import MessageLogAdmin
from .inbox import InboxThreadAdmin
from .keywords import KeywordAutomationRuleAdmin
from .people import TextedEventAdmin, TextedMemberAdmin, TextedRegistrationAdmin
from .scheduled import ScheduledMessageAdmin

__all__ = [
    "InboxThreadAdmin",
    "KeywordAutomationRuleAdmin",
    "MessageLogAdmin",
    "ScheduledMessageAdmin",
    "TextedEventAdmin",
    "TextedMemberAdmin",
    "TextedRegistrationAdmin",
]
