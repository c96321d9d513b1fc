"""What a message is called on pages: its first words after the greeting."""

import re
from typing import Final

from .formatting import beginning, shortened
from .personalization import OPT_OUT_LINE

LONGEST: Final = 60

_WORDS: Final = (
    "hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|happy (?:new year|holidays|easter)"
    "|hola|buen[oa]s (?:días|dias|tardes|noches)|querid[oa]s?|estimad[oa]s?|bonjour|salut|chers?|chère?s?"
    "|hallo|guten (?:morgen|tag|abend)|liebe[rs]?|olá|oi|ciao|buongiorno"
)
_ALL: Final = (
    "all|there|again|everyone|everybody|friends?|folks|team|neighbors?|families|members?|parents|volunteers"
    "|y’all|y'all|a todos|todos|todas|amigos|à tous|zusammen"
)
_FIELD: Final = r"\{+[^{}\n]*\}+"
# Whom it greets: a field, everyone, or a name of up to three words.
_WHOM: Final = rf"\s+(?:{_FIELD}|(?i:{_ALL})|[A-ZÀ-Þ][^\s{{}},.!?:;–—]*)"
# "Hi {first_name}," or "Good morning everyone!"; or only "{first_name},".
_GREETING: Final = re.compile(
    rf"[\s¡]*(?:(?i:{_WORDS})(?:{_WHOM}){{0,3}}|{_FIELD}(?:\s+{_FIELD})?)\s*(?:[,.!:;–—]+|\s-+|\n)\s*"
)


def name_of(body: str) -> str:
    """The first words of a message after its greeting, shortened at a word: "Come to the picnic on…".

    A message that is nothing but a greeting is called by it.
    """
    text = body.replace(OPT_OUT_LINE, "").strip() or body
    greeting = _GREETING.match(text)
    rest = text[greeting.end() :] if greeting else text
    start = beginning(rest if rest.strip() else text, 4 * LONGEST)
    return shortened(start[:1].upper() + start[1:], LONGEST)
