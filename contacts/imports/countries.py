"""Countries as people write them into cells: by name, by the letters of ISO 3166, by dialing code."""

import re
from functools import cache, lru_cache
from typing import Final

import phonenumbers

from .vocabulary import plain

# Those of the vocabulary; "aa" is what phonenumbers calls a name that most languages share, such as the English one.
_LANGUAGES: Final = ("aa", "en", "es", "de", "fr", "pt", "it", "nl")
_OTHER_NAMES: Final = {
    "US": (
        "usa",
        "u s",
        "u s a",
        "united states of america",
        "america",
        "ee uu",
        "eeuu",
        "estados unidos de america",
    ),
    "GB": ("gbr", "uk", "u k", "england", "scotland", "wales", "great britain", "northern ireland"),
    "KR": ("kor", "korea", "republic of korea"),
    "RU": ("rus", "russian federation"),
    "VN": ("vnm", "viet nam"),
    "CZ": ("cze", "czech republic"),
    "MX": ("mex", "mejico"),
}
# ISO 3166-1 alpha-3, of the countries that people write about most.
_THREE_LETTERS: Final = (
    "ARG:AR AUS:AU AUT:AT BEL:BE BOL:BO BRA:BR CAN:CA CHE:CH CHL:CL CHN:CN COL:CO CRI:CR CUB:CU DEU:DE DNK:DK DOM:DO "
    "ECU:EC ESP:ES FIN:FI FRA:FR GTM:GT HND:HN HTI:HT IND:IN IRL:IE ISR:IL ITA:IT JAM:JM JPN:JP NIC:NI NLD:NL NOR:NO "
    "NZL:NZ PAN:PA PER:PE PHL:PH POL:PL PRI:PR PRT:PT PRY:PY SLV:SV SWE:SE UKR:UA URY:UY VEN:VE ZAF:ZA"
)
_DIALING_CODE: Final = re.compile(r"[1-9][0-9]{0,2}(?![0-9])")
_LONGEST: Final = 60


@lru_cache(maxsize=4096)
def region_of(text: str) -> str:
    """The two letters of the country that a cell such as 44, +44, 0044, GB, GBR, Mexico or "United Kingdom (+44)"
    names; "" where it names none."""
    if len(text) > _LONGEST:
        return ""
    if code := _DIALING_CODE.search(text.removeprefix("00")):
        region = phonenumbers.region_code_for_country_code(int(code[0]))
        return "" if region == "ZZ" else region
    return named(text)


@lru_cache(maxsize=4096)
def named(text: str) -> str:
    """The two letters of the country that a cell names by letters or by name; "" where it names none."""
    letters = text.strip().upper()
    if letters in phonenumbers.SUPPORTED_REGIONS:
        return letters
    return _names().get(plain(text), "") if text and len(text) <= _LONGEST else ""


@cache
def name_of(region: str) -> str:
    """The country in English, such as "Mexico"."""
    return _locales()[region].get("aa") or region


@cache
def _names() -> dict[str, str]:
    names = {}
    for region, of_languages in _locales().items():
        if region in phonenumbers.SUPPORTED_REGIONS:
            names.update(
                {plain(name): region for name in map(of_languages.get, _LANGUAGES) if name and name[0] != "*"}
            )
    names.update({other: region for region, others in _OTHER_NAMES.items() for other in others})
    names.update(
        {letters.lower(): region for letters, _, region in (p.partition(":") for p in _THREE_LETTERS.split())}
    )
    return names


@cache
def _locales() -> dict[str, dict[str, str]]:
    # Takes a third of a second, and few files name countries.
    from phonenumbers.geodata.locale import LOCALE_DATA

    return LOCALE_DATA
