"""Descriptions of media in received texts. The files stay at Twilio."""

import json
from collections import Counter

from django.utils.text import capfirst, get_text_list
from django.utils.translation import ngettext


def media_sentence(payload: str | None) -> str:
    """Such as "2 pictures and 1 video. Open them in the Twilio console"; "" for a text without any."""
    kinds = _media(payload)
    them = ngettext("it", "them", kinds.total())
    return f"{_listed(kinds)}. Open {them} in the Twilio console" if kinds else ""


def media_preview(payload: str | None) -> str:
    """Such as "Picture" or "2 pictures and 1 video"; "" for a text without any."""
    kinds = _media(payload)
    return capfirst(next(iter(kinds))) if kinds.total() == 1 else _listed(kinds)


def _listed(kinds: Counter[str]) -> str:
    return get_text_list([f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items()], "and")


def _media(payload: str | None) -> Counter[str]:
    """The number of media by kind.

    `payload` is a JSON object of Twilio's request fields (NumMedia, MediaContentType0, …). An unreadable one has no
    media.
    """
    try:
        fields = json.loads(payload or "{}")
        count = int(fields.get("NumMedia") or 0)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Counter()
    # Twilio allows ten at most.
    types = [str(fields.get(f"MediaContentType{index}") or "").partition("/")[0] for index in range(min(count, 10))]
    return Counter({"image": "picture", "video": "video", "audio": "recording"}.get(each, "file") for each in types)
