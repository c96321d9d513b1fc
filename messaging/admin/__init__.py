"""The admin's pages of messaging."""

from . import person_sections  # noqa: F401 - registers its sections
from .audiences.list import SavedAudienceAdmin
from .blasts.list import MessageLogAdmin
from .drafts import DraftAdmin
from .inbox.list import InboxThreadAdmin
from .keywords import KeywordAutomationRuleAdmin
from .people import ConversationLinks, TextedEvents, TextedMembers, TextedRegistrations
from .scheduled.list import ScheduledMessageAdmin

__all__ = [
    "ConversationLinks",
    "DraftAdmin",
    "InboxThreadAdmin",
    "KeywordAutomationRuleAdmin",
    "MessageLogAdmin",
    "SavedAudienceAdmin",
    "ScheduledMessageAdmin",
    "TextedEvents",
    "TextedMembers",
    "TextedRegistrations",
]
