"""Detects the encoding of a text: UTF-8 and UTF-16 with certainty, all others by guessing.

charset-normalizer distinguishes scripts and the encodings of Chinese, Japanese and Korean. For those of Latin letters
it needs whole sentences: in lists with few accents it took "Muñoz" for Central European and "Žak" for Chinese. Those
are distinguished here, by the letters of each language.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

# Python's name of each encoding that staff can choose, and the name that staff see.
ENCODINGS: Final[dict[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (Excel’s “Unicode text”)",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "mac_roman": "Mac Roman",
    "cp850": "DOS (Western European)",
    "cp932": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "EUC-KR (Korean)",
}

BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_SCRIPTS: Final = ["cp1251", "cp1253", "cp932", "gb18030", "big5", "cp949"]
# The cost of an encoding before looking at the file: common ones are likelier.
_LATIN: Final[dict[str, float]] = {"cp1252": 0, "cp1250": 0.2, "mac_roman": 0.5, "cp1254": 0.6, "cp850": 0.7}
# The accented letters that occur together in the names of one language.
_ALPHABETS: Final = tuple(
    frozenset(letters)
    for letters in (
        "áéíóúñüç",
        "àâçéèêëîïôùûüœæ",
        "äöüßé",
        "ãõáéíóúâêôàçü",
        "åäöøæéü",
        "àèéìòù",
        "ąćęłńóśźż",
        "áčďéěíňóřšťúůýžľĺŕôä",
        "áéíóöőúüű",
        "ăâîșşțţ",
        "čćđšž",
        "çğıöşüâ",
        "áðéíóúýþæö",
    )
)
_SAMPLE_BYTES: Final = 262_144
_BLOCK: Final = 1_048_576
_MOST_WORDS: Final = 2_000
_WORD: Final = re.compile(rb"[^\s,;:|\"\x00]*[\x80-\xff][^\s,;:|\"\x00]*")
_OPENED_SENTENCE: Final = re.compile(r"[¿¡][^\W\d_]")
_SHOWN: Final = 5
_LONGEST_WORD: Final = 60


@dataclass(frozen=True)
class Guess:
    """The encoding and, if it isn't certain, some words by which staff can tell whether it is right."""

    encoding: str
    words: tuple[str, ...] = ()


def by_bom(head: bytes) -> str:
    """The encoding that a byte order mark at the start indicates, "" for none."""
    return next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), "")


def guess(file: BinaryIO) -> Guess:
    """The encoding of a seekable file without a byte order mark, which is rewound to its start."""
    file.seek(0)
    sample = file.read(_SAMPLE_BYTES)
    file.seek(0)
    pairs = max(len(sample) // 2, 1)
    zeros = sample[0::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if max(zeros) > 0.25 and min(zeros) < 0.05:
        return Guess("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
    good, bad = _count_characters(file)
    # A single broken byte in a long UTF-8 file is just that, and no reason to misread every accent in it.
    if bad * 10 <= good:
        return Guess("utf-8")
    words = _odd_words(file)
    encoding = _of_words(words, has_mac_lines=b"\r" in sample and b"\n" not in sample)
    shown = dict.fromkeys(word.decode(encoding, "replace") for word in words if len(word) <= _LONGEST_WORD)
    return Guess(encoding, tuple(list(shown)[:_SHOWN]))


def _count_characters(file: BinaryIO) -> tuple[int, int]:
    """How many non-ASCII characters the file has as UTF-8, and how many invalid sequences."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good = bad = 0
    while block := file.read(_BLOCK):
        text = decoder.decode(block)
        if not text.isascii():
            broken = text.count("\ufffd")
            bad += broken
            good += len(text) - len(text.encode("ascii", "ignore")) - broken
    file.seek(0)
    return good, bad


def _odd_words(file: BinaryIO) -> list[bytes]:
    """The first words with non-ASCII characters."""
    words: dict[bytes, None] = {}
    while (block := file.read(_BLOCK)) and len(words) < _MOST_WORDS:
        words |= dict.fromkeys(_WORD.findall(block))
    file.seek(0)
    return list(words)[:_MOST_WORDS]


def _of_words(words: list[bytes], has_mac_lines: bool) -> str:
    joined = b" ".join(words)
    if sum(byte > 127 for byte in joined) > 0.5 * len(joined):
        best = from_bytes(joined, cp_isolation=_OTHER_SCRIPTS, threshold=0.6).best()
        if best is not None and best.encoding in _OTHER_SCRIPTS:
            return best.encoding
    costs = {encoding: cost + sum(_cost(word, encoding) for word in words) for encoding, cost in _LATIN.items()}
    if has_mac_lines:
        costs["mac_roman"] -= _LATIN["mac_roman"]
    return min(costs, key=lambda encoding: costs[encoding])


def _cost(word: bytes, encoding: str) -> float:
    """How unlikely a word is in an encoding: symbols and capitals inside it, letters that no language combines."""
    try:
        text = word.decode(encoding)
    except UnicodeDecodeError:
        return 3
    cost = 0.0
    odd = set()
    for before, character in zip(" " + text, text, strict=False):
        if character.isascii():
            continue
        if not character.isalpha():
            # A quotation mark or a dash may be next to a word, other symbols aren't.
            if _OPENED_SENTENCE.match(text):
                # A small letter after it is rarer there than one of the other encodings ("żona").
                cost += 0 if text[1:2].isupper() else 0.3
                continue
            cost += 0 if character in "’‘“”–—…·\u00a0" and not before.isalpha() else 1.5
            continue
        if character in "ºª" and before in "nN0123456789":
            continue
        cost += 1.5 if character.isupper() and before.islower() else 0
        odd.add(character.lower())
    if odd:
        cost += 0.4 * min(len(odd - letters) for letters in _ALPHABETS)
    return cost
