"""Public link shorteners, whose links carriers block. The domains are in `link_shorteners.txt`, one per line."""

import re
from functools import cache
from pathlib import Path
from typing import Final

DOMAINS: Final = Path(__file__).with_name("link_shorteners.txt")

# A host name as phones recognize it in a text, with or without https://, but not in an e-mail address.
_HOSTS: Final = re.compile(
    r"(?<![\w@.=&?%/-])(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w@-]|\.\w)", re.IGNORECASE
)


@cache
def shortening_domains() -> frozenset[str]:
    lines = DOMAINS.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def find_shorteners(text: str) -> list[str]:
    """Domains of public link shorteners in `text`, in lower case, each once, in order of appearance."""
    hosts = (match[1].lower().removeprefix("www.") for match in _HOSTS.finditer(text))
    return [host for host in dict.fromkeys(hosts) if host in shortening_domains()]
