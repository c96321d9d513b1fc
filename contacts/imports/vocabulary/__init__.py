"""The words that people use in headings and cells: one TOML file per language, read once.

A file lists the words and phrases for each concept. `contacts.imports.headings` interprets the concepts of headings,
`contacts.imports.cells` those of cells. All languages apply at once: a list rarely says which one it is in.
"""

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
_NOT_WORDS: Final = re.compile(r"[^\w]+|_")
_DIGITS: Final = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")


def plain(text: str) -> str:
    """In lower case, without accents, with single spaces instead of symbols and between letters and digits.

    "Prénom(s)" is "prenom s", "Phone1" is "phone 1".
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    bare = re.sub(r"[’']s\b|\((?:s|e?n|es)\)", "", bare)
    return " ".join(_DIGITS.sub(" ", _NOT_WORDS.sub(" ", bare)).split())


@cache
def concepts(table: str) -> dict[str, frozenset[str]]:
    """The concepts that each phrase, as `plain` writes it, means in any language.

    `table` is "headings" or "cells".
    """
    found: dict[str, set[str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for concept, phrases in tomllib.loads(path.read_text(encoding="utf-8"))[table].items():
            for phrase in phrases:
                found.setdefault(plain(phrase), set()).add(concept)
    return {phrase: frozenset(meant) for phrase, meant in found.items()}
