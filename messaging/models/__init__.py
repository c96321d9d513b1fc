"""Blasts with a delivery for each recipient, drafts, scheduled blasts, conversations, and keyword replies."""

from .audiences import SavedAudience
from .blasts import MessageLog
from .choices import RetryWhom, Target
from .deliveries import Delivery
from .drafts import Draft
from .event_plans import PlanLine
from .inbox import CatchUp, DeletedText, InboxMessage, InboxThread
from .keywords import KeywordAutomationRule
from .reports import UnmatchedReports
from .scheduled import ScheduledMessage
from .sender_slots import Pace, SenderSlot
from .series import Series

__all__ = [
    "CatchUp",
    "DeletedText",
    "Delivery",
    "Draft",
    "InboxMessage",
    "InboxThread",
    "KeywordAutomationRule",
    "MessageLog",
    "Pace",
    "PlanLine",
    "RetryWhom",
    "SavedAudience",
    "ScheduledMessage",
    "SenderSlot",
    "Series",
    "Target",
    "UnmatchedReports",
]
