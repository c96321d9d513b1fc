"""The exact number of segments of a message for a whole audience, and their cost.

Without rendering every text: two names give the same number of segments in any message if they have the same shape,
that is, the same kinds of characters in the same places. A million names have some hundred shapes, and each shape is
rendered once. Values of profile fields have shapes as names do.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import starmap

from django.conf import settings

from messaging.text.encoding import EXTENSION_CHARACTERS, Encoding, is_gsm, measure
from messaging.text.formatting import dollars
from messaging.text.names import clean_name, first_name
from messaging.text.personalization import FIRST_NAME, FULL_NAME, Template

# The number of people for each shape of a name and of the values inserted with it.
NameProfile = Counter[str]

_BASIC, _EXTENDED, _FOREIGN, _ASTRAL = "a", "[", "ж", "😀"
# Separates the parts of a shape. Cleaned names and values have no line breaks.
_PARTS = "\n"
_extension = frozenset(EXTENSION_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A message's size for one audience. `shortest` and `longest` are segments of a single text.

    `segments` is the billed total. `ucs2_recipients` get their text as UCS-2. `too_long` texts have more than 1,600
    characters, and Twilio would refuse them; the longest has `most_characters`. Everything is 0 for an empty
    audience.
    """

    recipients: int
    segments: int
    shortest: int
    longest: int
    ucs2_recipients: int
    too_long: int
    most_characters: int


def shape(name: str | None, *values: str | None) -> str:
    """The shape of `name`, shared by all names of the same size; "" for a missing one.

    The full name, a line break, and the first name, with each character replaced by one of its kind: "a" for the
    default alphabet, "[" for its extension, "ж" for others, "😀" for surrogate pairs. If any character is in neither
    table, "ж" stands for all but surrogate pairs, because in UCS-2 they take one unit each. The values of profile
    fields, in the order of the template's keys, follow in the same way, each after a line break.
    """
    full_name = clean_name(name)
    found = f"{_kinds(full_name)}{_PARTS}{_kinds(first_name(full_name))}" if full_name else ""
    if not values:
        return found
    return _PARTS.join([found or _PARTS, *(_kinds(clean_name(value)) for value in values)])


def profile(names: Iterable[str | None]) -> NameProfile:
    """The shapes of `names` with their counts. Reads the iterable once, in constant memory."""
    return Counter(map(shape, names))


def profile_with_values(people: Iterable[tuple[str | None, ...]]) -> NameProfile:
    """The shapes of people, each a name and values, with their counts, in constant memory."""
    return Counter(starmap(shape, people))


def plain_names(names: NameProfile) -> NameProfile:
    """The same names and values as if all of their characters were in the default alphabet."""
    plain: NameProfile = Counter()
    for name_shape, count in names.items():
        plain[name_shape.replace(_FOREIGN, _BASIC).replace(_ASTRAL, _BASIC)] += count
    return plain


def estimate(template: Template, names: NameProfile) -> Estimate:
    """The size of `template` for these names, as if each text were rendered and measured.

    If it has profile fields, `names` has the values of these (`profile_with_values`).
    """
    keys = (FULL_NAME, FIRST_NAME, *template.keys)
    recipients = segments = ucs2_recipients = too_long = longest = most_characters = 0
    shortest: int | None = None
    for name_shape, count in names.items():
        parts = (name_shape or _PARTS).split(_PARTS)
        size = measure(template.fill(dict(zip(keys, parts, strict=True))))
        recipients += count
        segments += size.segments * count
        ucs2_recipients += count if size.encoding is Encoding.UCS_2 else 0
        too_long += count if size.is_too_long else 0
        longest = max(longest, size.segments)
        most_characters = max(most_characters, size.characters)
        shortest = size.segments if shortest is None else min(shortest, size.segments)
    return Estimate(recipients, segments, shortest or 0, longest, ucs2_recipients, too_long, most_characters)


def cost(segments: int, price_per_segment: Decimal) -> Decimal:
    """The price of `segments`, not rounded."""
    return segments * price_per_segment


def spent(segments: int) -> str:
    """What `segments` cost at SMS_PRICE_PER_SEGMENT, such as "$7.54"; "" where either is unknown."""
    price = settings.SMS_PRICE_PER_SEGMENT
    return dollars(cost(segments, price)) if segments and price else ""


def _kinds(text: str) -> str:
    if not is_gsm(text):
        return "".join([_ASTRAL if character > "\uffff" else _FOREIGN for character in text])
    if _extension.isdisjoint(text):
        return _BASIC * len(text)
    return "".join([_EXTENDED if character in _extension else _BASIC for character in text])
