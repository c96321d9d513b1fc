"""Finds our own texts in received ones: the text that a reaction is about, and copies of our texts.

Nearly all of our texts include opt-out instructions. Quoting or forwarding one isn't a request; only words that a
person adds are their own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..models import Delivery, InboxMessage, MessageLog
from ..text.personalization import OPT_OUT_LINE
from .classifier import Finding, Verdict, classify
from .tokens import plain

# How many of the latest texts to a phone are searched, in its conversation and in blasts. People react within days.
MOST_TEXTS: Final = 40
MOST_BLASTS: Final = 40
# A shorter match may be a coincidence.
_SHORTEST: Final = 12
_IN_QUOTES: Final = re.compile(r"[“„«\"]([^“”„«»\"]{12,})(?:[”“»\"]|$)")
_CUT: Final = re.compile(r"(?:…|\.\.\.)\s*$")
_LOOKED_UP: Final = frozenset({Verdict.FLAGGED, Verdict.OPT_OUT, Verdict.INSTRUCTIONS})


@dataclass(frozen=True, slots=True)
class Sent:
    """One of our texts as `words`, and its row: a text of the conversation, or a delivery of a blast."""

    words: str
    message_id: int | None = None
    delivery_id: int | None = None


def look_up(finding: Finding, message: InboxMessage) -> Finding:
    """Refine a finding using the texts we sent to that phone. A reaction is recorded on the message.

    Only reactions, requests and instructions need this.
    """
    if finding.verdict is Verdict.REACTION and finding.reaction is not None:
        reaction = finding.reaction
        message.reaction, message.is_removal = reaction.emoji[:32], reaction.is_removal
        if reaction.quoted and (about := find_quoted(reaction.quoted, sent_to(message))):
            message.about_message_id, message.about_delivery_id = about.message_id, about.delivery_id
        return finding
    if finding.verdict not in _LOOKED_UP or len(message.body) < _SHORTEST:
        return finding
    own = without_our_words(message.body, sent_to(message))
    if own == message.body:
        return finding
    if not own.strip():
        return Finding(Verdict.QUOTE)
    rest = classify(own)
    return rest if rest.verdict is not Verdict.REACTION else replace(finding, verdict=Verdict.QUOTE)


def sent_to(message: InboxMessage) -> list[Sent]:
    """The texts we sent to this text's phone, newest first within each kind."""
    ours = InboxMessage.objects.filter(thread_id=message.thread_id, direction=InboxMessage.Direction.OUTBOUND)
    texts = ours.order_by("-pk").values_list("pk", "body")[:MOST_TEXTS]
    logs = MessageLog.objects.order_by("-pk").values("pk")[:MOST_BLASTS]
    rows = Delivery.objects.filter(message_log__in=list(logs.values_list("pk", flat=True)), phone=message.phone)
    blasts = rows.exclude(status=Delivery.Status.SKIPPED).order_by("-pk")
    found = [Sent(_words(body), message_id=pk) for pk, body in texts]
    rows = blasts.select_related("message_log").defer("message_log__stored_details")
    return found + [Sent(_words(row.text), delivery_id=row.pk) for row in rows]


def find_quoted(quoted: str, sent: Sequence[Sent]) -> Sent | None:
    """Our text that these words quote, or start, because phones truncate long ones. Prefers an exact match."""
    is_cut = bool(_CUT.search(quoted))
    words = _words(_CUT.sub("", quoted))
    if not words:
        return None
    whole = next((each for each in sent if each.words == words), None) if not is_cut else None
    if whole or not (is_cut or len(words) >= _SHORTEST):
        return whole
    return next((each for each in sent if each.words.startswith(words)), None)


def without_our_words(body: str, sent: Sequence[Sent]) -> str:
    """The text without lines and quotations from our texts. Returned unchanged if there are none."""
    ours = [each.words for each in sent] + [_words(OPT_OUT_LINE)]
    whole = " ".join(body.split())
    kept = []
    for line in body.splitlines():
        bare = line.strip().lstrip("> ")
        if _is_ours(bare, ours):
            continue
        kept.append(_IN_QUOTES.sub(lambda found: "" if _is_ours(found[1], ours) else found[0], line))
    rest = "\n".join(kept)
    if rest == "\n".join(body.splitlines()):
        rest = _cut_out(whole, ours)
        return body if rest == whole else rest
    return rest


def _is_ours(piece: str, ours: Sequence[str]) -> bool:
    words = _words(_CUT.sub("", piece.strip("“”„«»\"' ")))
    return len(words) >= _SHORTEST and any(words in each for each in ours)


def _cut_out(body: str, ours: Sequence[str]) -> str:
    """Without a whole text of ours within a line, for example one forwarded with a remark."""
    for each in ours:
        if len(each) < _SHORTEST:
            continue
        pattern = r"\W*".join(map(re.escape, each.split()))
        body = re.sub(pattern, " ", body, count=1, flags=re.IGNORECASE)
    return body


def _words(text: str) -> str:
    """For comparison: lower-case words without accents and punctuation, separated by single spaces."""
    return " ".join(re.findall(r"\w+", plain(text)))
