"""How many segments a message comes to for a whole audience, each text by its own name's length, and their cost.

Exact, yet no million texts are rendered. Two names come to the same number of segments in every message if they
have the same shape: the same kinds of characters in the same places. A million names have some hundred shapes, and
each of these is rendered once.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from messaging.text.encoding import EXTENSION_CHARACTERS, Encoding, is_gsm, measure
from messaging.text.personalization import NO_NAME, Template, clean_name, first_name

# How many of an audience's names have each shape.
NameProfile = Counter[str]

_BASIC, _EXTENDED, _FOREIGN, _ASTRAL = "a", "[", "ж", "😀"
# No cleaned name holds a line break, so that the two halves of a shape cannot run together.
_HALVES = "\n"
_extension = frozenset(EXTENSION_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A message's size for one audience. All are counts; `shortest` and `longest` are segments of one text.

    `segments` are all that would be billed. `ucs2_recipients` get their text as UCS-2. `too_long` texts have more
    than 1,600 characters, and Twilio would refuse them; the longest text has `most_characters`. For an empty audience
    each is 0.
    """

    recipients: int
    segments: int
    shortest: int
    longest: int
    ucs2_recipients: int
    too_long: int
    most_characters: int


def shape(name: str | None) -> str:
    """What `name` has in common with every name that measures alike; "" for a missing one.

    It is the full name, a line break, and the first name, with each character replaced by one of its kind: "a" for
    the default alphabet, "[" for its extension, "ж" for the others, "😀" for surrogate pairs. Where one character
    is in neither table, "ж" stands for all but surrogate pairs, as in UCS-2 they take a unit each.
    """
    full_name = clean_name(name)
    return f"{_kinds(full_name)}{_HALVES}{_kinds(first_name(full_name))}" if full_name else ""


def profile(names: Iterable[str | None]) -> NameProfile:
    """The shapes of `names`, each with its count. Takes any iterable once, in memory that does not grow with it."""
    return Counter(map(shape, names))


def estimate(template: Template, names: NameProfile) -> Estimate:
    """The size of `template` for the audience of that profile: what rendering and measuring each text would give."""
    recipients = segments = ucs2_recipients = too_long = longest = most_characters = 0
    shortest: int | None = None
    for name_shape, count in names.items():
        full, _, first = name_shape.partition(_HALVES)
        size = measure(template.fill(full or NO_NAME, first or NO_NAME))
        recipients += count
        segments += size.segments * count
        ucs2_recipients += count if size.encoding is Encoding.UCS_2 else 0
        too_long += count if size.is_too_long else 0
        longest = max(longest, size.segments)
        most_characters = max(most_characters, size.characters)
        shortest = size.segments if shortest is None else min(shortest, size.segments)
    return Estimate(recipients, segments, shortest or 0, longest, ucs2_recipients, too_long, most_characters)


def cost(segments: int, price_per_segment: Decimal) -> Decimal:
    """The price of `segments` in the currency of one's price, to the last digit: rounding is for display."""
    return segments * price_per_segment


def _kinds(text: str) -> str:
    if not is_gsm(text):
        return "".join([_ASTRAL if character > "\uffff" else _FOREIGN for character in text])
    if _extension.isdisjoint(text):
        return _BASIC * len(text)
    return "".join([_EXTENDED if character in _extension else _BASIC for character in text])
