"""The unread texts of the home page."""

from dataclasses import dataclass
from typing import Final

from messaging.inbox import conversations
from messaging.models import InboxThread
from smsadmin.lib.plurals import counted

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A conversation with unread texts: who it is with, and how its latest text begins."""

    thread: InboxThread
    name: str


@dataclass(frozen=True, slots=True)
class Unread:
    """How much is unread, such as "3 unread texts in 2 conversations" ("" if nothing), and the latest of it."""

    summary: str
    lines: list[UnreadLine]


def unread(waiting: conversations.Waiting) -> Unread:
    if not waiting.texts:
        return Unread("", [])
    summary = (
        f"{counted(waiting.texts, 'unread text', 'unread texts')} in "
        f"{counted(waiting.conversations, 'conversation', 'conversations')}"
    )
    threads = list(InboxThread.objects.unread().order_by("-last_message_at", "-pk")[:MOST])
    names = conversations.shown_names(threads)
    return Unread(summary, [UnreadLine(thread, names[thread.pk]) for thread in threads])
