"""vCards (.vcf) as lines of cells: versions 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350), one card or many.

Doesn't use vobject 0.9.9, which was tried: a truncated photo, a folded quoted-printable value (all old phones write
them) or a last card without its end made it reject the whole file, and 100,000 cards took it 76 seconds.
"""

import io
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from . import encodings
from .encodings import Guess
from .tables import Choices, Line

MOST_PHONES: Final = 6
_LONGEST_LINE: Final = 10_000
_HEADINGS: Final = ("Full name", "First name", "Last name", "Nickname", "Organization")

_PROPERTY: Final = re.compile(
    r"(?:(?P<group>[\w-]+)\.)?(?P<name>[\w-]+)(?P<parameters>(?:;(?:\"[^\"]*\"|[^:;\"])*)*):(?P<value>.*)", re.DOTALL
)
_PARAMETER: Final = re.compile(r";((?:\"[^\"]*\"|[^;\"])*)")
_SEPARATED: Final = re.compile(r"(?<!\\);")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
# Apple writes its own labels as _$!<Mobile>!$_.
_APPLE_LABEL: Final = re.compile(r"_\$!<(.*)>!\$_")
_READ: Final = frozenset({"FN", "N", "NICKNAME", "ORG", "TEL", "X-ABLABEL", "KIND", "X-ADDRESSBOOKSERVER-KIND"})


@dataclass
class _Card:
    """What is read from one card. `phones` are (preference, label, number), `labels` are Apple's by their group."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    phones: list[tuple[int, str, str, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    def cells(self) -> list[str]:
        family, given, *_ = [*_SEPARATED.split(self.texts.get("N", "")), "", ""]
        organization = _SEPARATED.split(self.texts.get("ORG", ""))[0]
        cells = [self.texts.get("FN", ""), given, family, self.texts.get("NICKNAME", ""), organization]
        row = [_unescaped(cell) for cell in cells]
        for _, group, label, number in sorted(self.phones, key=lambda phone: phone[0])[:MOST_PHONES]:
            row += [f"{label} {self.labels.get(group, '')}".strip(), number]
        return row


@dataclass
class CardTable:
    """The cards of a file, one per line."""

    file: BinaryIO
    size: int
    encoding: str
    guessed: tuple[str, ...]
    headings: tuple[str, ...] = _HEADINGS + tuple(
        f"Phone {number} - {what}" for number in range(1, MOST_PHONES + 1) for what in ("Label", "Value")
    )

    @classmethod
    def recognize(cls, file: BinaryIO, size: int, choices: Choices) -> "CardTable":
        head = file.read(4)
        bom = encodings.by_bom(head)
        found = Guess(choices.encoding or bom) if choices.encoding or bom else encodings.guess(file)
        return cls(file, size, found.encoding, found.words)

    def close(self) -> None:
        """There is nothing to close."""

    def form(self) -> dict[str, Any]:
        return {"kind": "vcard", "encoding": self.encoding, "guessed": list(self.guessed)}

    def expected(self, done: int) -> int:
        return max(done, done * self.size // self.file.tell()) if self.file.tell() else done

    def lines(self) -> Iterator[Line]:
        self.file.seek(0)
        stream = io.TextIOWrapper(self.file, self.encoding, errors="replace", newline=None)
        try:
            for card in _cards(stream):
                kind = (card.texts.get("KIND") or card.texts.get("X-ADDRESSBOOKSERVER-KIND") or "").lower()
                if kind != "group":
                    yield Line(card.line, card.cells())
        finally:
            # The wrapper would close the file when it is collected, but the file may be read again.
            stream.detach()


def _cards(stream: io.TextIOBase) -> Iterator[_Card]:
    """Each card, even a last one without its end. Cards within a card (the agents of version 2.1) are skipped."""
    depth = 0
    card: _Card | None = None
    for number, line in _unfolded(stream):
        found = _PROPERTY.fullmatch(line)
        if not found:
            continue
        name, value = found["name"].upper(), found["value"]
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            # A card that hasn't ended before the next one begins is complete.
            if depth == 1 and card is not None and not card.texts.get("AGENT"):
                yield card
                depth = 0
            depth += 1
            if depth == 1:
                card = _Card(number)
        elif name == "END" and value.strip().upper() == "VCARD":
            depth = max(0, depth - 1)
            if depth == 0 and card is not None:
                yield card
                card = None
        elif name == "AGENT" and card is not None and not value.strip():
            card.texts["AGENT"] = "within"
        elif depth == 1 and card is not None and name in _READ:
            _take(card, name, found["group"] or "", _PARAMETER.findall(found["parameters"]), value)
    if card is not None:
        yield card


def _take(card: _Card, name: str, group: str, parameters: list[str], value: str) -> None:
    types, charset, is_quoted, preference = [], "utf-8", False, 100
    for parameter in parameters:
        key, equals, text = parameter.partition("=")
        key, text = key.strip().upper(), text.strip().strip('"')
        if key == "CHARSET":
            charset = text
        elif "QUOTED-PRINTABLE" in {key, text.upper()}:
            is_quoted = True
        elif key == "PREF" and text.isdecimal():
            preference = int(text[:3])
        elif key == "TYPE" or not equals:
            types += (text if equals else key).lower().split(",")
    if is_quoted:
        value = _decoded(quopri.decodestring(value.encode("latin-1", "replace")), charset)
    if name == "TEL":
        if "pref" in types:
            types, preference = [each for each in types if each != "pref"], 1
        card.phones.append((preference, group, " ".join(types), _unescaped(value).strip()))
    elif name == "X-ABLABEL":
        label = _APPLE_LABEL.fullmatch(value.strip())
        card.labels[group] = label[1] if label else value.strip()
    else:
        card.texts.setdefault(name, value)


def _decoded(data: bytes, charset: str) -> str:
    for encoding in (charset, "utf-8"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _unfolded(stream: io.TextIOBase) -> Iterator[tuple[int, str]]:
    """The lines before they were folded, each with the number of its first line."""
    whole, start = "", 0
    for number, line in enumerate(_read_lines(stream), start=1):
        is_soft = whole.endswith("=") and "QUOTED-PRINTABLE" in whole.partition(":")[0].upper()
        if line[:1] in {" ", "\t"} or is_soft:
            following = line.lstrip(" \t") if is_soft else line[1:]
            if len(whole) < _LONGEST_LINE:
                whole = (whole[:-1] if is_soft else whole) + following
            continue
        if whole:
            yield start, whole
        whole, start = line.lstrip("\ufeff"), number
    if whole:
        yield start, whole


def _read_lines(stream: io.TextIOBase) -> Iterator[str]:
    """Each line without its line end, cut if it is longer than any name or number."""
    while line := stream.readline(_LONGEST_LINE):
        if not line.endswith("\n"):
            while (rest := stream.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                pass
        yield line.rstrip("\n")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], text)
