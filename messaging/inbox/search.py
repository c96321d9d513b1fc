"""Searching conversations by phone, name, or words of their texts."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Max, Q, QuerySet

from contacts.models import CommunityMember, EventRegistration
from contacts.searching import name_matches, phone_matches, read_query
from smsadmin.lib.text_lookup import find

from ..models import InboxMessage, InboxThread

# How many of the latest texts are searched: searching all texts would take seconds.
TEXTS_SEARCHED: Final = 100_000
_MOST_WORDS: Final = 8
_BEFORE_A_WORD: Final = 40


def search(threads: QuerySet[InboxThread], text: str, limit: int) -> QuerySet[InboxThread]:
    """The first `limit` of `threads`, in their order, that match.

    Matches a phone in any format, words of a name given by staff or on our lists, or words of one of the latest
    texts. An empty search matches all threads.
    """
    if not text.strip():
        return threads
    query = read_query(text)
    found = Q(pk__in=_texts_with(text).values("thread"))
    if query.words or query.digits:
        found |= _is_called(query.words) & (phone_matches(query) if query.digits else Q())
    keys = list(threads.filter(found).values_list("pk", flat=True)[:limit])
    return threads.filter(pk__in=keys)


def find_texts(threads: Iterable[InboxThread], text: str) -> dict[int, InboxMessage]:
    """Thread ids to the latest text with the words, if there is one."""
    newest = _texts_with(text).filter(thread__in=[thread.pk for thread in threads]).values_list("thread")
    texts = InboxMessage.objects.filter(pk__in=[pk for _, pk in newest.annotate(Max("pk")).order_by()])
    return {message.thread_id: message for message in texts}


def excerpt(body: str, text: str, most: int) -> Iterator[tuple[str, bool]]:
    """An excerpt of about `most` characters around the words, on one line: parts, each with whether it is a match."""
    line = " ".join(body.split())
    words = list(find(line, _words(text)))
    start = max(words[0][0] - _BEFORE_A_WORD, 0) if words and len(line) > most else 0
    # Start at the beginning of a word if possible.
    if start and (blank := line.find(" ", start, words[0][0])) > 0:
        start = blank + 1
    end = min(start + most, len(line))
    if start:
        yield "…", False
    for word_start, word_end in words:
        if word_start >= end:
            break
        if start < word_start:
            yield line[start:word_start], False
        yield line[word_start : min(word_end, end)], True
        start = word_end
    if start < end:
        yield line[start:end], False
    if end < len(line):
        yield "…", False


def _words(text: str) -> list[str]:
    return text.split()[:_MOST_WORDS]


def _texts_with(text: str) -> QuerySet[InboxMessage]:
    """The latest texts that contain all of the words."""
    newest = InboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    has_words = Q()
    for word in _words(text):
        has_words &= Q(body__mentions=word)
    return InboxMessage.objects.filter(has_words, pk__gt=max(newest - TEXTS_SEARCHED, 0))


def _is_called(words: tuple[str, ...]) -> Q:
    """Whether all of the words are in the name given by staff, or begin words of a name on one of our lists."""
    if not words:
        return Q()
    assigned = Q()
    for word in words:
        assigned &= Q(contact_name__mentions=word)
    listed = Q()
    for people in (CommunityMember, EventRegistration):
        listed |= Q(phone__in=people.objects.filter(name_matches(people, words)).values("phone"))
    return assigned | listed
