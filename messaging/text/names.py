"""People's names as they stand in a text."""

import re

# Titles with or without a dot, in the languages of contacts/vocabulary.
# fmt: off
_TITLES = frozenset({
    "mr", "mrs", "ms", "mx", "miss", "mister", "madam", "dr", "dra", "doctor", "prof", "profa", "professor",
    "rt", "rev", "revd", "reverend", "fr", "father", "br", "brother", "sister", "msgr", "monsignor", "pastor",
    "rabbi", "imam", "deacon", "bishop", "sir", "dame", "capt", "captain", "cpt", "sgt", "sergeant", "ssgt",
    "cpl", "pfc", "pvt", "lt", "ltc", "cmdr", "officer", "sr", "sra", "srta", "señor", "señora", "señorita",
    "doña", "lic", "ing", "arq", "herr", "frau", "fräulein", "hr", "mme", "mlle", "monsieur", "madame",
    "mademoiselle", "sig", "sigra", "signor", "signora", "dott", "dottssa", "dhr", "mevr", "mevrouw", "meneer",
})
# fmt: on
# Without the dot, these can be first names.
_DOTTED_TITLES = frozenset({"hon.", "gen.", "col.", "maj.", "adm.", "m.", "eng.", "avv.", "dott.ssa", "ph.d."})
# A household keeps its whole name.
_GROUPS = frozenset({"the", "family", "familie", "familia", "famille", "família", "famiglia"})
_GROUP_ENDINGS = (" Family", " family", " FAMILY", " Household", " household", " Families")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "dds", "dvm", "rn", "esq", "cpa"})
_CONJUNCTIONS = frozenset({"and", "&", "y", "e", "+", "/"})

# Soft hyphen, zero-width space, word joiner, byte order mark, direction marks and lone surrogates: address books add
# them, and a single one would force UCS-2. Joiners stay, because some scripts need them.
_INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def clean_name(name: str | None) -> str:
    """`name` for use in a text: on one line, with single spaces, nothing invisible; "" if there is no name."""
    if not name:
        return ""
    # A fast path: nearly every name is clean, and this runs for each recipient.
    if name.isprintable() and "  " not in name and name[0] != " " and name[-1] != " ":
        return name
    return _SPACES.sub(" ", _INVISIBLE.sub("", name)).strip()


def first_name(full_name: str) -> str:
    """The first name in a cleaned `full_name`: its first word.

    A title is skipped if a first and a last name follow ("Dr. Maria Lopez" gives Maria); otherwise it stays ("Mr.
    Lopez", "Mr. and Mrs. Lopez"). "Lopez, Maria" and "Maria Lopez, PhD" give Maria. A household ("The Lopez Family")
    keeps its whole name.
    """
    word = full_name.partition(" ")[0]
    if word.casefold() in _GROUPS or full_name.endswith(_GROUP_ENDINGS):
        return full_name
    if "," not in full_name and not _is_title(word):
        return word
    words = _given_name_first(full_name).split(" ")
    titles = 0
    while titles < len(words) and _is_title(words[titles]):
        titles += 1
    if titles and (len(words) - titles < 2 or words[titles].casefold() in _CONJUNCTIONS):
        return " ".join(words)
    return words[titles].rstrip(",") or full_name


def _given_name_first(full_name: str) -> str:
    before, _, after = full_name.partition(",")
    given = after.strip()
    suffix = given.partition(" ")[0].replace(".", "").rstrip(",").casefold()
    if not given or suffix in _SUFFIXES or _is_title(given):
        return before.strip() or full_name
    return given


def _is_title(word: str) -> bool:
    folded = word.casefold()
    return folded.rstrip(".") in _TITLES or folded in _DOTTED_TITLES
