"""python -m bench.imports: files of people, from the upload to the list.

For each kind and size of file, prints the times of upload, preview and import, the peak memory of the process, its
processor time per line, and how that compares with the smaller file's: 1.0 is linear growth.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook

from bench.installation import new_installation, run_script

HEADINGS = ("First name", "Last name", "Mobile", "E-mail", "Grade")
MEASURE = """
import json, resource, time
from pathlib import Path
from django.core.files import File
from contacts.imports import lifecycle, staging
from contacts.models import CommunityMember
worked = time.process_time()
clock = [time.perf_counter()]
path = Path({path!r})
with path.open("rb") as file:
    made = lifecycle.stage(File(file, name=path.name), "community", adjustments={adjustments!r})
clock.append(time.perf_counter())
staging.read(made.pk)
clock.append(time.perf_counter())
assert lifecycle.take_for_applying(made)
lifecycle.apply(made.pk)
clock.append(time.perf_counter())
made.refresh_from_db()
assert made.counts["new"] == CommunityMember.objects.count() == {lines} - {lines} // 100, made.counts
times = [after - before for before, after in zip(clock, clock[1:])]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([*times, memory, time.process_time() - worked]))
"""


def people(lines: int) -> Iterator[tuple[str, str, str, str, int]]:
    """That many lines, every hundredth without a usable phone."""
    for i in range(lines):
        # Skips 211-XXXX: no North American number has that exchange.
        local = 2_000_000 + i + (10_000 if i >= 110_000 else 0)
        phone = "unknown" if i % 100 == 99 else f"(720) {local // 10_000}-{local % 10_000:04d}"
        yield f"Person {i}", "Müller", phone, f"person{i}@example.org", i % 12


def write(path: Path, lines: int) -> None:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS)
            writer.writerows(people(lines))
        return
    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append(HEADINGS)
    for row in people(lines):
        sheet.append(row)
    book.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", default=["csv", "xlsx"], choices=["csv", "xlsx"])
    parser.add_argument("--field", action="store_true", help="keep the column Grade as a new field")
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    headings = f"{'':6}{'lines':>10}{'upload':>10}{'preview':>10}{'apply':>10}{'total':>11}"
    print(f"{headings}{'memory':>10}{'per line':>11}{'growth':>8}")
    for kind in args.kinds:
        first = 0.0
        for lines in args.lines:
            upload, preview, apply, memory, worked = measure(kind, lines, args.postgres, args.field)
            together = preview + apply
            first = first or worked / lines
            print(
                f"{kind:6}{lines:10,}{upload:8.1f} s{preview:8.1f} s{apply:8.1f} s{together:9.1f} s{memory:7.0f} MB"
                f"{worked / lines * 1e6:8.0f} µs{worked / lines / first:8.2f}"
            )


def measure(kind: str, lines: int, on_postgres: bool, has_field: bool = False) -> list[float]:
    """Seconds of upload, preview and import, peak megabytes, seconds of processor time; in a new database."""
    with new_installation("imports", postgres=on_postgres, DEBUG="false") as site:
        path = site.folder / f"people.{kind}"
        write(path, lines)
        script = MEASURE.replace("{path!r}", repr(str(path))).replace("{lines}", str(lines))
        said = run_script(site, script.replace("{adjustments!r}", repr({"fields": {"4": ""}} if has_field else {})))
    figures: list[float] = json.loads(said.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
