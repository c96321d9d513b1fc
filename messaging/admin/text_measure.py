"""How long a text is while it is being typed: for replies and keyword replies, which go out as they are written."""

from django.http import HttpRequest, JsonResponse

from ..composing.forms import MAX_TYPED
from ..text import formatting
from ..text.encoding import MAX_CHARACTERS, Encoding, Measure, forcing_characters, measure, split
from ..text.personalization import tidy

_NAMED_AT_MOST = 3


def answer_measure(request: HttpRequest) -> JsonResponse:
    """The size of the posted `text`, as JSON: `sentence`, `is_too_long`, and the texts of its `segments`."""
    text = tidy(request.POST.get("text", "")[:MAX_TYPED])
    size = measure(text)
    return JsonResponse({"sentence": say_size(text, size), "is_too_long": size.is_too_long, "segments": split(text)})


def say_size(text: str, size: Measure) -> str:
    """Such as "52 characters, 1 segment: 108 more fit into it"."""
    if not text:
        return f"At most {MAX_CHARACTERS:,} characters"
    counted = f"{size.characters:,} character{'' if size.characters == 1 else 's'}"
    if size.is_too_long:
        return f"{counted}: {size.characters - MAX_CHARACTERS:,} too many. A text holds at most {MAX_CHARACTERS:,}."
    where = "it" if size.segments == 1 else "the last one"
    said = f"{counted}, {formatting.segments(size.segments)}: {size.remaining} more fit into {where}"
    if size.encoding is Encoding.UCS_2:
        forcing = [each.character for each in forcing_characters(text)]
        named = " ".join(forcing[:_NAMED_AT_MOST]) + (" …" if len(forcing) > _NAMED_AT_MOST else "")
        said += f". Shorter segments because of {named}"
    return said
