"""python -m bench.lists: the list of people is as fast with a million members as with a thousand.

Prints the median time of each page at both sizes and their ratio, which must not exceed 2. Uses a temporary SQLite
file, or, with DATABASE_URL=postgres://…, a new database on that server.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from tests.processes import ROOT, Installation, installation, postgres_database, temporary_folder

if TYPE_CHECKING:
    from django.test import Client

FEW = 1_000
MOST_RATIO = 2.0
REQUESTS = 11
ROUNDS = 5
# Fifty area codes, so that even a thousand members fill a page of phones with the same last four digits.
AREAS = range(700, 800, 2)
FIRST = ("Ada", "Grace", "Alan", "Mary", "Edsger", "Barbara", "Donald", "Zoë", "José", "Anna", "John", "Jo")
LAST = ("Smith", "Müller", "O'Brien", "Smith-Jones", "Nguyễn", "García", "Okafor", "Hopper", "Lee", "Young", "King")
PAGES = {
    "the list": "",
    "page 15": "p=15",
    "sorted by phone": "o=2",
    "a phone, whole": "q=(720) 555-0012",
    "a phone, its end": "q=0012",
    "a phone, its start": "q=%2B1 7",
    "a name, common": "q=smith",
    "a name, two words": "q=jo smi",
    "a name, one letter": "q=j",
    "nobody": "q=xyz",
    "can be texted": "state=textable",
    "opted out": "state=opted_out",
    "unreachable": "state=suppressed",
}


def people(count: int) -> Iterator[tuple[str | None, str]]:
    for number in range(count):
        first, last = FIRST[number * 7 % len(FIRST)], LAST[number * 13 % len(LAST)]
        name = None if number % 20 == 19 else f"{first} {last} {number}"
        yield name, f"+1{AREAS[number % len(AREAS)]}{5_550_000 + number // len(AREAS)}"


def fill(count: int) -> None:
    """Add `count` members, of whom one in twenty opted out and one in twenty is unreachable."""
    from django.db import connection, transaction
    from django.utils import timezone

    from accounts.models import AppUser

    AppUser.objects.create_user("bench")
    now = timezone.now()
    rows = list(people(count))
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, count, 500):
            some = [(*row, now) for row in rows[start : start + 500]]
            insert(cursor, "community_members (name, phone, created_at)", some)
            opted_out = [(*row, "manual") for row in some[3::20]]
            insert(cursor, "unsubscribed_contacts (name, phone, created_at, source)", opted_out)
            suppressed = [(phone, created, created, "hard_fail") for _, phone, created in some[13::20]]
            insert(cursor, "suppressed_contacts (phone, created_at, updated_at, category)", suppressed)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # As autovacuum does a minute later.


def insert(cursor: object, into: str, rows: list[tuple]) -> None:
    marks = ", ".join(f"({', '.join(['%s'] * len(rows[0]))})" for _ in rows)
    cursor.execute(f"INSERT INTO {into} VALUES {marks}", [cell for row in rows for cell in row])  # noqa: S608


def measure() -> dict[str, tuple[list[float], int]]:
    """For each page, the milliseconds of each request and the number of rows."""
    from django.test import Client, override_settings
    from django.urls import reverse

    from accounts.models import AppUser

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(AppUser.objects.get())
    address = reverse("admin:contacts_communitymember_changelist")
    results = {}
    # Without collecting the admin's static files.
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain):
        for page, query in PAGES.items():
            results[page] = measure_page(client, f"{address}?{query}")
    return results


def measure_page(client: "Client", address: str) -> tuple[list[float], int]:
    times = []
    client.get(address)
    for _ in range(REQUESTS):
        started = time.perf_counter()
        response = client.get(address)
        times.append((time.perf_counter() - started) * 1000)
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code}")
    return times, response.text.count('class="action-select"')


def run(site: Installation, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.lists", *arguments],
        cwd=ROOT,
        env=site.environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return ended.stdout


@contextmanager
def community(count: int) -> Iterator[Installation]:
    """An installation with `count` members."""
    server = os.environ.get("DATABASE_URL", "")
    database = postgres_database(server) if server.startswith("postgres") else nullcontext("")
    with (
        temporary_folder(f"bench-lists-{count}") as folder,
        database as url,
        installation(folder, url, DEBUG="false") as site,
    ):
        started = time.perf_counter()
        run(site, "--fill", str(count))
        print(f"{count:,} members written in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        yield site


def compare(few: Installation, many: Installation) -> Iterator[tuple[str, list[tuple[float, int]]]]:
    """For each page and both sizes, the median time of a request in ms and the number of rows.

    The sizes take turns, so that other load on the machine affects both.
    """
    rounds = [[json.loads(run(site, "--measure")) for site in (few, many)] for _ in range(ROUNDS)]
    for page in PAGES:
        times: list[list[float]] = [[], []]
        for one_round in rounds:
            for size, results in enumerate(one_round):
                times[size] += results[page][0]
        yield page, [(statistics.median(times[size]), rounds[0][size][page][1]) for size in (0, 1)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="members in the long list")
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fill or args.measure:
        import django

        django.setup()
        if args.fill:
            fill(args.fill)
        else:
            print(json.dumps(measure()))
        return 0
    worst = 0.0
    with community(FEW) as few, community(args.rows) as many:
        print(f"{'median of a page, ms (rows)':30}{FEW:>16,}{args.rows:>16,}{'ratio':>8}")
        for page, ((short, short_rows), (long, long_rows)) in compare(few, many):
            worst = max(worst, long / short)
            print(f"{page:30}{short:10.1f} ({short_rows:3}){long:10.1f} ({long_rows:3}){long / short:8.2f}")
    print(f"{'worst':62}{worst:8.2f}")
    return 0 if worst <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
