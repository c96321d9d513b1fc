"""What is sent: blasts, one delivery for each recipient, drafts, and what is planned for later."""

from .blasts import MessageLog
from .choices import RetryWhom, Target
from .deliveries import Delivery, Pace, SenderSlot
from .drafts import Draft
from .scheduled import ScheduledMessage

__all__ = ["Delivery", "Draft", "MessageLog", "Pace", "RetryWhom", "ScheduledMessage", "SenderSlot", "Target"]
