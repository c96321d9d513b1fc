"""Names for the authors of the texts we sent in a conversation.

An automatic reply stores the id of its source row in `automation_source_id`. The app that owns these rows registers a
function for each kind of reply (`register`). It takes ids and returns names for staff, such as "Survey “Picnic”".
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from ..models import InboxMessage, KeywordAutomationRule

Naming = Callable[[Collection[int]], Mapping[int, str]]

_namings: dict[str, Naming] = {}


def register(source: str, naming: Naming) -> None:
    """Register the naming function for one kind of automatic reply. To be called in an app's `ready`."""
    _namings[source] = naming


def find_authors(messages: Iterable[InboxMessage]) -> dict[int, str]:
    """The author of each sent text by the text's id: a user name, or the name of its source row.

    One call for each kind of reply. A row that is deleted or has no name is called by its kind.
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
    """The names of keyword replies."""
    rules = KeywordAutomationRule.objects.filter(pk__in=ids).values_list("pk", "keyword")
    return {pk: f"Keyword reply {keyword}" for pk, keyword in rules}
