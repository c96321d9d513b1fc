"""Finding conversations by what staff type: a phone, a name, or words of texts; and the texts that have the words."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Max, Q, QuerySet

from contacts.models import CommunityMember, EventRegistration
from contacts.searching import name_matches, phone_matches, read_query
from smsadmin.lib.text_lookup import find

from ..models import InboxMessage, InboxThread

# Words are looked for in this many of the latest texts: reading every text that ever was would take seconds.
TEXTS_SEARCHED: Final = 100_000
_MOST_WORDS: Final = 8
_BEFORE_A_WORD: Final = 40


def search(threads: QuerySet[InboxThread], text: str, limit: int) -> QuerySet[InboxThread]:
    """The first `limit` of `threads`, in their order, that have what was typed.

    That is a phone however it is written, the words of a name that staff or our lists know, or words that stand in
    one of the latest texts. All threads where nothing is typed.
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
    """Thread (id) to its latest text that has the words, for those for which `search` found one."""
    newest = _texts_with(text).filter(thread__in=[thread.pk for thread in threads]).values_list("thread")
    texts = InboxMessage.objects.filter(pk__in=[pk for _, pk in newest.annotate(Max("pk")).order_by()])
    return {message.thread_id: message for message in texts}


def excerpt(body: str, text: str, most: int) -> Iterator[tuple[str, bool]]:
    """Where the words stand in the body, on one line of about `most` characters: its parts, each with whether it is
    one of the words."""
    line = " ".join(body.split())
    words = list(find(line, _words(text)))
    start = max(words[0][0] - _BEFORE_A_WORD, 0) if words and len(line) > most else 0
    # From a word's beginning on, if there is one before what was found.
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
    """The latest texts in which each of the words stands."""
    newest = InboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    has_words = Q()
    for word in _words(text):
        has_words &= Q(body__mentions=word)
    return InboxMessage.objects.filter(has_words, pk__gt=max(newest - TEXTS_SEARCHED, 0))


def _is_called(words: tuple[str, ...]) -> Q:
    """Whether each of the words is in the name that staff gave, or begins a word of the name on one of our lists."""
    if not words:
        return Q()
    assigned = Q()
    for word in words:
        assigned &= Q(contact_name__mentions=word)
    listed = Q()
    for people in (CommunityMember, EventRegistration):
        listed |= Q(phone__in=people.objects.filter(name_matches(people, words)).values("phone"))
    return assigned | listed
