"""Our own words coming back: the text of ours that a reaction is about, and copies of our texts.

Nearly every text of ours says how to stop. Whoever quotes or forwards one asks for nothing by that; what they add is
theirs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..models import Delivery, InboxMessage, MessageLog
from ..text.personalization import OPT_OUT_LINE, UnknownToken, compile_template
from .classifier import Finding, Verdict, classify
from .tokens import plain

# How many of our latest texts to a phone are looked at, of its conversation and of blasts. People react within days.
MOST_TEXTS: Final = 40
MOST_BLASTS: Final = 40
# A piece of a text that is ours by more than chance.
_SHORTEST: Final = 12
_IN_QUOTES: Final = re.compile(r"[“„«\"]([^“”„«»\"]{12,})(?:[”“»\"]|$)")
_CUT: Final = re.compile(r"(?:…|\.\.\.)\s*$")
_LOOKED_UP: Final = frozenset({Verdict.FLAGGED, Verdict.OPT_OUT, Verdict.INSTRUCTIONS})


@dataclass(frozen=True, slots=True)
class Sent:
    """A text of ours, as `words`; the row of the conversation or of the blast that it was."""

    words: str
    message_id: int | None = None
    delivery_id: int | None = None


def look_up(finding: Finding, message: InboxMessage) -> Finding:
    """The finding, in the light of what we have sent to that phone. A reaction is noted on the message.

    Few texts need it: only those are looked up that are a reaction, or that ask for something in so many words.
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
    """What we have sent to the phone of this text, the newest first of each kind."""
    ours = InboxMessage.objects.filter(thread_id=message.thread_id, direction=InboxMessage.Direction.OUTBOUND)
    texts = ours.order_by("-pk").values_list("pk", "body")[:MOST_TEXTS]
    logs = MessageLog.objects.order_by("-pk").values("pk")[:MOST_BLASTS]
    rows = Delivery.objects.filter(message_log__in=list(logs.values_list("pk", flat=True)), phone=message.phone)
    blasts = rows.exclude(status=Delivery.Status.SKIPPED).order_by("-pk")
    found = [Sent(_words(body), message_id=pk) for pk, body in texts]
    for pk, name, body in blasts.values_list("pk", "name", "message_log__message_body"):
        found.append(Sent(_words(_rendered(body, name)), delivery_id=pk))
    return found


def find_quoted(quoted: str, sent: Sequence[Sent]) -> Sent | None:
    """The text of ours that these words are, or begin: phones cut long ones off. The whole one comes before these."""
    is_cut = bool(_CUT.search(quoted))
    words = _words(_CUT.sub("", quoted))
    if not words:
        return None
    whole = next((each for each in sent if each.words == words), None) if not is_cut else None
    if whole or not (is_cut or len(words) >= _SHORTEST):
        return whole
    return next((each for each in sent if each.words.startswith(words)), None)


def without_our_words(body: str, sent: Sequence[Sent]) -> str:
    """The text without the lines and the quotations that are pieces of our texts; itself where there are none."""
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
    """Without a whole text of ours in the midst of a line, as where somebody forwards one with a remark."""
    for each in ours:
        if len(each) < _SHORTEST:
            continue
        pattern = r"\W*".join(map(re.escape, each.split()))
        body = re.sub(pattern, " ", body, count=1, flags=re.IGNORECASE)
    return body


def _words(text: str) -> str:
    """For comparing: words in lower case without accents and signs, one space between."""
    return " ".join(re.findall(r"\w+", plain(text)))


def _rendered(body: str, name: str | None) -> str:
    try:
        return compile_template(body).render(name)
    except UnknownToken:
        return body
