"""python -m bench.audience: a list of a million people becomes the delivery rows of a blast.

Prints time and peak memory, and the time beside that of copying the same rows within SQLite by hand.
"""

import argparse

from tests.processes import installation, postgres_database, temporary_folder

FILL = """
from contacts.models import CommunityMember, SuppressedContact, UnsubscribedContact
phone = lambda i: f"+1720{2000000 + i + (10000 if i >= 110000 else 0)}"  # no exchange is 211
people = (CommunityMember(name=f"Person {i}", phone=phone(i)) for i in range({count}))
CommunityMember.objects.bulk_create(people, batch_size=5000)
opted_out = (UnsubscribedContact(phone=phone(i)) for i in range(0, {blocked} // 2))
UnsubscribedContact.objects.bulk_create(opted_out, batch_size=5000)
dead = (SuppressedContact(phone=phone(i), category="hard_fail") for i in range({blocked} // 2, {blocked}))
SuppressedContact.objects.bulk_create(dead, batch_size=5000)
"""
MEASURE = """
import resource, time
from django.db import connection, transaction
from messaging.composing.audience import Audience
from messaging.models import Delivery, MessageLog
started = time.perf_counter()
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("CREATE TABLE copy AS SELECT phone, name FROM community_members")
    cursor.execute("CREATE UNIQUE INDEX copy_phone ON copy (phone)")
copied = time.perf_counter() - started
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = memory()
started = time.perf_counter()
headcount = Audience("community").headcount()
counted = time.perf_counter() - started
started = time.perf_counter()
with transaction.atomic():
    log = MessageLog.objects.create(message_body="Hi", target="community", status="processing")
    rows = Audience("community").expand(log)
expanded = time.perf_counter() - started
skipped = Delivery.objects.filter(status="skipped").count()
print(f"{rows:,} delivery rows ({skipped:,} skipped) in {expanded:.1f} s, "
      f"{expanded / copied:.1f} times a plain copy of the list with one index")
print(f"Headcount with the shapes of {headcount.recipients:,} names: {counted:.1f} s")
print(f"Peak memory {memory():.0f} MB ({memory() - before:+.0f} MB)")
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audience", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--blocked", type=int, default=50_000, help="of whom half opted out, half are suppressed")
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    fill = FILL.replace("{count}", str(args.members)).replace("{blocked}", str(args.blocked))
    with temporary_folder("bench-audience") as folder:
        if args.postgres:
            with postgres_database() as url, installation(folder, url, DEBUG="false") as site:
                site.run("shell", "-v", "0", "-c", fill)
                print(site.run("shell", "-v", "0", "-c", MEASURE).stdout, end="")
        else:
            with installation(folder, DEBUG="false") as site:
                site.run("shell", "-v", "0", "-c", fill)
                print(site.run("shell", "-v", "0", "-c", MEASURE).stdout, end="")


if __name__ == "__main__":
    main()
