"""A survey as a conversation, before it goes live: each text, its length, and the total cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.translation import ngettext

from messaging.composing.cost import cost
from messaging.text import formatting
from messaging.text.encoding import MAX_CHARACTERS, Forcing, Measure, forcing_characters, measure

from .conversation import opening
from .editing import Row

ANSWER: Final = "…"


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the conversation: the person's, which has no size, or ours."""

    body: str
    size: Measure | None = None

    @property
    def problem(self) -> str:
        if self.size is None or not self.size.is_too_long:
            return ""
        return f"This text is {self.size.characters:,} characters. The limit is {MAX_CHARACTERS:,}."


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole conversation. `forcing` are the characters that make any of our texts UCS-2."""

    texts: tuple[Text, ...]
    forcing: tuple[Forcing, ...]
    has_last_message: bool

    @property
    def ours(self) -> list[Measure]:
        return [text.size for text in self.texts if text.size]

    @property
    def segments(self) -> int:
        return sum(size.segments for size in self.ours)

    @property
    def price(self) -> Decimal:
        """In dollars, unrounded."""
        return cost(self.segments, settings.SMS_PRICE_PER_SEGMENT)

    @property
    def summary(self) -> str:
        """What each completed survey costs, in one sentence."""
        sent = len(self.ours)
        if not sent:
            return "Write a question to preview the conversation."
        texts = ngettext("%(count)s text", "%(count)s texts", sent) % {"count": f"{sent:,}"}
        return f"Each completed survey sends {texts} and costs {formatting.dollars(self.price)}."


def preview(keyword: str, intro: str, rows: Sequence[Row], last_message: str) -> Preview:
    """The conversation of someone who answers every question. Empty without questions."""
    if not rows:
        return Preview((), (), bool(last_message))
    ours = [opening(intro, [rows[0].question]), *(row.prompt for row in rows[1:])]
    if last_message:
        ours.append(last_message)
    texts = [Text(keyword)]
    for number, body in enumerate(ours):
        texts += [Text(ANSWER)] if number else []
        texts.append(Text(body, measure(body)))
    if not last_message:
        texts.append(Text(ANSWER))
    return Preview(tuple(texts), tuple(forcing_characters("\n".join(ours))), bool(last_message))
