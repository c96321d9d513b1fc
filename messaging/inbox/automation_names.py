"""Who or what wrote the texts that we sent in a conversation, in words.

An automatic answer has the row that it comes from in `automation_source_id`. The app that owns these rows tells what
they are called: it registers, for each kind of answer, the function that knows (`register`). That is given ids, and
returns for those that it finds what staff are told, such as "Survey “Picnic”".
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from ..models import InboxMessage, KeywordAutomationRule

Naming = Callable[[Collection[int]], Mapping[int, str]]

_namings: dict[str, Naming] = {}


def register(source: str, naming: Naming) -> None:
    """Have `naming` tell what the rows behind answers of that kind are called. For the `ready` of an app."""
    _namings[source] = naming


def find_authors(messages: Iterable[InboxMessage]) -> dict[int, str]:
    """The author of each sent text, by the text's id: a user name, or what its row is called.

    One call for each kind of answer. A row that is gone, or that nobody names, is called by its kind alone.
    """
    sent = [message for message in messages if message.direction == InboxMessage.Direction.OUTBOUND]
    wanted: dict[str, set[int]] = {}
    for message in sent:
        if message.automation_source in _namings and message.automation_source_id is not None:
            wanted.setdefault(message.automation_source, set()).add(message.automation_source_id)
    named = {source: _namings[source](ids) for source, ids in wanted.items()}
    return {message.pk: _author(message, named) for message in sent}


def _author(message: InboxMessage, named: Mapping[str, Mapping[int, str]]) -> str:
    if message.sent_by is not None:
        return message.sent_by.get_username()
    source = message.automation_source or InboxMessage.Source.MANUAL
    found = named.get(source, {}).get(message.automation_source_id or 0)
    return found or (InboxMessage.Source(source).label if source in InboxMessage.Source.values else source)


def names_of_rules(ids: Collection[int]) -> dict[int, str]:
    """Keyword replies by their keywords."""
    rules = KeywordAutomationRule.objects.filter(pk__in=ids).values_list("pk", "keyword")
    return {pk: f"Keyword reply {keyword}" for pk, keyword in rules}
