"""python -m bench.audience: a list of a million people becomes the delivery rows of a blast.

With --fields, the message inserts that many profile fields, which everyone has. With --conditions, it goes to two
audiences of three conditions each instead: one that asks for the community, and one that looks on all lists.

Prints time and peak memory, and compares the time with that of plainly copying the same rows within the database.
"""

import argparse

from bench.installation import new_installation, run_script

FILL = """
from contacts.models import CommunityMember, ProfileField, ProfileValue, SuppressedContact, UnsubscribedContact
phone = lambda i: f"+1720{2000000 + i + (10000 if i >= 110000 else 0)}"  # there is no exchange 211
people = (CommunityMember(name=f"Person {i}", phone=phone(i)) for i in range({count}))
CommunityMember.objects.bulk_create(people, batch_size=5000)
opted_out = (UnsubscribedContact(phone=phone(i)) for i in range(0, {blocked} // 2))
UnsubscribedContact.objects.bulk_create(opted_out, batch_size=5000)
dead = (SuppressedContact(phone=phone(i), category="hard_fail") for i in range({blocked} // 2, {blocked}))
SuppressedContact.objects.bulk_create(dead, batch_size=5000)
for number in range({fields}):
    field = ProfileField.objects.create(key=f"field_{number}", label=f"Field {number}")
    values = (
        ProfileValue(field=field, phone=phone(i), value=f"Class {i % 40}", folded=f"class {i % 40}")
        for i in range({count})
    )
    ProfileValue.objects.bulk_create(values, batch_size=5000)
"""
FILL_CONDITIONS = """
from contacts.models import Event, EventRegistration, Group, GroupMember, ProfileField, ProfileValue
field = ProfileField.objects.create(key="grade", label="Grade", kind="number")
values = (
    ProfileValue(field=field, phone=phone(i), value=str(i % 12), folded=str(i % 12), number=i % 12)
    for i in range({count})
)
ProfileValue.objects.bulk_create(values, batch_size=5000)
event = Event.objects.create(title="Picnic")
registered = (EventRegistration(event=event, name=f"Guest {i}", phone=phone(i)) for i in range(0, {count}, 10))
EventRegistration.objects.bulk_create(registered, batch_size=5000)
group = Group.objects.create(name="Choir")
singers = (GroupMember(group=group, name=f"Singer {i}", phone=phone(i)) for i in range(0, {count}, 12))
GroupMember.objects.bulk_create(singers, batch_size=5000)
"""
MEASURE_CONDITIONS = """
import resource, time
from django.db import connection, transaction
from messaging.composing.audience import Audience
from messaging.models import MessageLog
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
started = time.perf_counter()
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("CREATE TABLE copy AS SELECT phone, name FROM community_members")
    cursor.execute("CREATE UNIQUE INDEX copy_phone ON copy (phone)")
copied = time.perf_counter() - started
grade, picnic = {"field": "grade", "greater": "1"}, {"event": "Picnic"}
for name, definition in (
    ("of the community", {"all": [{"community": True}, grade], "none": [picnic]}),
    ("of all lists", {"all": [grade, {"added_since": "2020-01-01"}], "none": [picnic]}),
):
    before = memory()
    audience = Audience.defined(definition)
    assert not audience.problem, audience.problem
    started = time.perf_counter()
    count = audience.count()
    counted = time.perf_counter() - started
    started = time.perf_counter()
    with transaction.atomic():
        log = MessageLog.objects.create(message_body="Hi", target="audience", status="processing")
        rows = audience.expand(log)
    expanded = time.perf_counter() - started
    assert rows == count
    print(f"Three conditions {name}: {count:,} people counted in {counted:.1f} s, and {rows:,} delivery rows in "
          f"{expanded:.1f} s, {expanded / copied:.1f} times a plain copy of the list ({memory() - before:+.0f} MB)")
"""
MEASURE = """
import resource, time
from django.db import connection, transaction
from messaging.composing.audience import Audience
from messaging.composing.merge_fields import MergeFields, compile_message
from messaging.models import Delivery, MessageLog
started = time.perf_counter()
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("CREATE TABLE copy AS SELECT phone, name FROM community_members")
    cursor.execute("CREATE UNIQUE INDEX copy_phone ON copy (phone)")
copied = time.perf_counter() - started
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = memory()
body = "Hi {first_name}" + "".join(f" {{field_{number}}}" for number in range({fields}))
template = compile_message(body)
started = time.perf_counter()
headcount = Audience("community").headcount(MergeFields.of(template))
counted = time.perf_counter() - started
started = time.perf_counter()
with transaction.atomic():
    log = MessageLog.objects.create(
        message_body=body, merge_fields=list(template.keys) or None, target="community", status="processing"
    )
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
    parser.add_argument(
        "--blocked", type=int, default=50_000, help="how many of them are blocked: half opted out, half unreachable"
    )
    parser.add_argument("--fields", type=int, default=0, help="how many profile fields the message inserts")
    parser.add_argument("--conditions", action="store_true", help="measure audiences of three conditions each")
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    numbers = {"{count}": args.members, "{blocked}": args.blocked, "{fields}": args.fields}
    fill = FILL + FILL_CONDITIONS if args.conditions else FILL
    measure = MEASURE_CONDITIONS if args.conditions else MEASURE
    for name, number in numbers.items():
        fill, measure = fill.replace(name, str(number)), measure.replace(name, str(number))
    with new_installation("audience", postgres=args.postgres, DEBUG="false") as site:
        run_script(site, fill)
        print(run_script(site, measure), end="")


if __name__ == "__main__":
    main()
