"""python -m bench.consent: how well, and how fast, texts are classified.

Classifies the table of examples (tests/messaging/consent/examples). For each verdict, prints precision (how many of
the texts given that verdict should have it) and recall (how many of the texts that should have it were given it),
then recall by kind and language, the mistakes, and processor time per text: the median and maximum over the table,
and the maximum over texts of 1,600 characters designed to be slow.
"""

import argparse
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from messaging.consent.classifier import Verdict, classify
from messaging.consent.languages import languages
from messaging.text.encoding import MAX_CHARACTERS
from tests.messaging.consent.examples import Example, examples

# The fastest of several runs counts, because other programs use this machine too.
RUNS = 5
SEED = 20261129
HARD = (
    "stop ",
    "stop, ",
    "stop. ",
    "please stop texting me and ",
    "do not stop texting me ",
    "please keep sending me texts about ",
    "i do not want to get any of all these messages and ",
    "no thanks please ",
    "reply stop to end and ",
    "i am driving and will ",
    "Loved “",
    "👍 to “",
    "A ajouté un « ",
    "\u200a\u200b👍\u200b “",
    "توقف عن ",
    "停止",
    "그만 보내",
    "не пишите мне ",
    "e\u0301",
    "ﷺ",
    "“",
    "a",
    " ",
)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}%" if whole else "    –"


def judge(table: list[Example]) -> list[tuple[Example, Verdict, str]]:
    """Print precision and recall; return the mistakes as (example, verdict given, why)."""
    told = [(each, classify(each.body)) for each in table]
    given = Counter(found.verdict for _, found in told)
    have = Counter(each.verdict for each, _ in told)
    right = Counter(each.verdict for each, found in told if found.verdict is each.verdict)
    print(f"{'verdict':<16}{'texts':>7}{'precision':>12}{'recall':>9}")
    for verdict in Verdict:
        if have[verdict] or given[verdict]:
            precision = share(right[verdict], given[verdict])
            print(f"{verdict.value:<16}{have[verdict]:>7}{precision:>12}{share(right[verdict], have[verdict]):>9}")
    wishes = {Verdict.OPT_OUT, Verdict.FLAGGED}
    asked = [found.verdict in wishes for each, found in told if each.verdict in wishes]
    alarms = [each.verdict in wishes for each, found in told if found.verdict in wishes]
    recall, precision = share(sum(asked), len(asked)), share(sum(alarms), len(alarms))
    print(f"{'any wish':<16}{len(asked):>7}{precision:>12}{recall:>9}\n")
    places: dict[str, list[bool]] = defaultdict(list)
    for each, found in told:
        places[f"{each.language}: {each.verdict.value}, {each.kind}"].append(found.verdict is each.verdict)
    for place, hits in places.items():
        print(f"{place:<56}{sum(hits):>5} of {len(hits):<5}{share(sum(hits), len(hits))}")
    return [(each, found.verdict, found.why) for each, found in told if found.verdict is not each.verdict]


def seconds(body: str) -> float:
    """Processor time to classify one text."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.process_time()
        classify(body)
        best = min(best, time.process_time() - started)
    return best


def hard_texts() -> Iterator[str]:
    """Texts of maximum length: a run of words repeated, and random words from the phrases."""
    for run in HARD:
        yield (run * MAX_CHARACTERS)[:MAX_CHARACTERS]
    dice = random.Random(SEED)
    known = languages()
    words = sorted(known.parts.words | known.flagged.words)
    for marks in (" ", " ,.") * 10:
        yield "".join(f"{dice.choice(words)}{dice.choice(marks)} " for _ in range(MAX_CHARACTERS))[:MAX_CHARACTERS]


def slowest(bodies: Iterable[str]) -> tuple[float, str]:
    return max((seconds(body), body) for body in bodies)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.consent", description=__doc__)
    parser.parse_args()
    table = examples()
    started = time.process_time()
    languages()
    print(f"Phrases read in {1000 * (time.process_time() - started):.0f} ms, once per process\n")
    wrong = judge(table)
    for each, verdict, why in wrong:
        print(f"  {each.place}: {each.body!r} is {each.verdict.value}, classified as {verdict.value} {why}")
    times = [seconds(each.body) for each in table]
    hard = list(hard_texts())
    for body in hard:
        # Warm up, as in a process that has seen such texts before.
        classify(body)
    worst, body = slowest(hard)
    print(
        f"\n{len(table):,} texts: median {1000 * statistics.median(times):.2f} ms, "
        f"maximum {1000 * max(times):.2f} ms; designed to be slow: maximum {1000 * worst:.2f} ms ({body[:24]!r}…)"
    )


if __name__ == "__main__":
    main()
