"""python -m bench.home: the home page takes little longer with a million deliveries than on an empty database.

Prints the median time of the page at both sizes and their ratio, which must not pass 4: an empty page has little to
write. A temporary SQLite file is measured, or with DATABASE_URL=postgres://… a new database on that server.
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
from datetime import timedelta

from tests.processes import ROOT, Installation, installation, postgres_database, temporary_folder

MOST_RATIO = 4.0
REQUESTS = 21
ROUNDS = 3
DAYS = 40
# A blast of as many people as there are numbers; of twenty, seventeen have it.
ROWS = """
INSERT INTO deliveries (message_log_id, phone, status, sid, error_message, skip_reason, segments, updated_at, is_left)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT %s, '+1720' || (2000000 + n), CASE n %% 20 WHEN 0 THEN 'sent' WHEN 1 THEN 'undelivered' WHEN 2 THEN 'skipped'
    ELSE 'delivered' END, '', '', '', 2, %s, %s FROM numbers
"""


def fill(blasts: int, people: int) -> None:
    """`blasts` over the last days, each to `people`, who are also the community; a tenth of them have written."""
    from django.db import connection, transaction
    from django.utils import timezone

    from accounts.models import AppUser
    from contacts.models import CommunityMember
    from messaging.models import InboxThread, MessageLog

    AppUser.objects.create_user("bench")
    now = timezone.now()
    phones = [f"+1720{2_000_000 + number}" for number in range(1, people + 1)] if blasts else []
    CommunityMember.objects.bulk_create(CommunityMember(name=f"Person {phone}", phone=phone) for phone in phones)
    InboxThread.objects.bulk_create(InboxThread(phone=phone, unread_count=1) for phone in phones[::10])
    for number in range(blasts):
        at = now - timedelta(days=DAYS) * (1 - number / blasts)
        with transaction.atomic(), connection.cursor() as cursor:
            log = MessageLog.objects.create(
                created_at=at,
                message_body=f"Hi {{first_name}}, number {number}: the hall is open at six.",
                target="community",
                audience_name="Community",
                status=MessageLog.Status.PROCESSING,
            )
            cursor.execute(ROWS, [people, log.pk, at, False])
        log.settle()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # As autovacuum does a minute later.


def measure() -> list[float]:
    """The milliseconds of each request of the page."""
    from django.test import Client, override_settings

    from accounts.models import AppUser

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(AppUser.objects.get())
    times = []
    # The files of the admin need not be collected for this.
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain):
        client.get("/admin/")
        for _ in range(REQUESTS):
            started = time.perf_counter()
            response = client.get("/admin/")
            times.append((time.perf_counter() - started) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"/admin/: {response.status_code}")
    return times


def run(site: Installation, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.home", *arguments],
        cwd=ROOT,
        env=site.environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return ended.stdout


@contextmanager
def filled(blasts: int, people: int) -> Iterator[Installation]:
    server = os.environ.get("DATABASE_URL", "")
    database = postgres_database(server) if server.startswith("postgres") else nullcontext("")
    with (
        temporary_folder(f"bench-home-{blasts}") as folder,
        database as url,
        installation(folder, url, DEBUG="false") as site,
    ):
        started = time.perf_counter()
        run(site, "--fill", str(blasts), str(people))
        print(f"{blasts * people:,} deliveries written in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        yield site


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.home", description=__doc__)
    parser.add_argument("--blasts", type=int, default=1_000)
    parser.add_argument("--people", type=int, default=1_000, help="recipients of each blast")
    parser.add_argument("--fill", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fill or args.measure:
        import django

        django.setup()
        if args.fill:
            fill(*args.fill)
        else:
            print(json.dumps(measure()))
        return 0
    with filled(0, 0) as empty, filled(args.blasts, args.people) as full:
        # In turns, so that what else the machine does falls on both.
        rounds = [[json.loads(run(site, "--measure")) for site in (empty, full)] for _ in range(ROUNDS)]
    medians = [statistics.median([ms for each in rounds for ms in each[size]]) for size in (0, 1)]
    ratio = medians[1] / medians[0]
    print(
        f"empty {medians[0]:.1f} ms, {args.blasts * args.people:,} deliveries {medians[1]:.1f} ms, ratio {ratio:.2f}"
    )
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
