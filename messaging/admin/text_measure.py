"""The size of a text while it is being typed, for replies and keyword replies."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from ..composing.forms import MAX_TYPED
from ..text import formatting
from ..text.encoding import MAX_CHARACTERS, Encoding, Measure, forcing_characters, measure, split
from ..text.personalization import tidy

_NAMED_AT_MOST = 3


def answer_measure(request: HttpRequest) -> JsonResponse:
    """The size of the posted `text` as JSON (see `size_of`)."""
    return JsonResponse(size_of(request.POST.get("text", "")))


def size_of(typed: str) -> dict[str, Any]:
    """What a page shows of the size of a text: `sentence`, `is_too_long`, and the texts of its `segments`."""
    text = tidy(typed[:MAX_TYPED])
    size = measure(text)
    return {"sentence": say_size(text, size), "is_too_long": size.is_too_long, "segments": split(text)}


def say_size(text: str, size: Measure) -> str:
    """Such as "52 characters (1 message), 108 characters left"."""
    if not text:
        return f"Up to {MAX_CHARACTERS:,} characters"
    counted = f"{size.characters:,} character{'' if size.characters == 1 else 's'}"
    if size.is_too_long:
        return f"{counted}, {size.characters - MAX_CHARACTERS:,} too many. The limit is {MAX_CHARACTERS:,}."
    left = f"{size.remaining} character{'' if size.remaining == 1 else 's'} left"
    said = f"{counted} ({formatting.messages(size.segments)}), {left}"
    if size.encoding is Encoding.UCS_2:
        forcing = [each.character for each in forcing_characters(text)]
        named = " ".join(forcing[:_NAMED_AT_MOST]) + (" …" if len(forcing) > _NAMED_AT_MOST else "")
        said += f". Less fits because of {named}"
    return said
