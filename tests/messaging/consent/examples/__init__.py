"""Texts that people and phones send, with the expected result for each: the classifier's examples.

One file a language, named as its phrases are. A line `[verdict] kind` stands above the texts of that kind; in a text,
⏎ is the end of a line. Read by the tests and by `python -m bench.consent`.
"""

from dataclasses import dataclass
from pathlib import Path

from messaging.consent.classifier import Verdict

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A text and its verdict. `place` is where it is listed, such as "en: polite"."""

    body: str
    verdict: Verdict
    language: str
    kind: str

    @property
    def place(self):
        return f"{self.language}: {self.kind}"


def examples():
    """All examples, in file order."""
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        verdict = kind = None
        for line in path.read_text("utf-8").split("\n"):
            if line.startswith("["):
                name, _, kind = line[1:].partition("] ")
                verdict = Verdict(name)
            elif line and not line.startswith("#"):
                found.append(Example(line.replace("⏎", "\n"), verdict, path.stem, kind))
    return found
