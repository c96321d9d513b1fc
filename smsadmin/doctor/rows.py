"""Rows that violate our own rules."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from accounts import organization
from accounts.models import AppUser, Organization
from accounts.roles import Role
from contacts import phones
from contacts.fields import PhoneField
from contacts.models import SuppressedContact, UnsubscribedContact
from contacts.models.opt_outs import unsubscribed
from messaging.models import Delivery, MessageLog, ScheduledMessage
from smsadmin.lib import time_zones
from smsadmin.lib.plurals import counted, people
from surveys.models import SurveySession

from .findings import Finding, note, ok, problem, some
from .schema import our_models

FIX: Final = "Run: manage.py dbdoctor --doctor --fix"
# How many rows of a kind are named or fixed at once.
MOST: Final = 10_000
# The most values that SQLite takes in one statement, with room for others.
BATCH: Final = 900
RECENT_BLASTS: Final = 20
# A claim and a STOP at the same moment are nobody's fault.
TOLERANCE: Final = timedelta(minutes=1)
# Short codes send texts too. They can be answered by hand, but are on no list.
SHORT_CODES_TOO: Final = frozenset({"inbox_threads", "inbox_messages", "consent_records"})


def find_bad_phones() -> Iterator[Finding]:
    """Reads each table with phones completely: a second or two per million rows."""
    tables = wrong = 0
    for model in our_models():
        for field in model._meta.local_concrete_fields:
            if field.name != "phone" and not isinstance(field, PhoneField):
                continue
            tables += 1
            ids = _rows_not_in_e164(model, field)
            if not ids:
                continue
            wrong += 1
            fix = _normalizing(model, ids) if isinstance(field, PhoneField) else None
            number = f"more than {MOST:,} phones" if len(ids) > MOST else counted(len(ids), "phone", "phones")
            yield problem(
                f"{model._meta.db_table} has {number} not in E.164, or in an old national spelling (id {some(ids)}): "
                "opt-outs and texts of the same number don't match.",
                f"{FIX}; correct the rest by hand." if fix else "Correct them with SQL, as +17205550123.",
                fix,
            )
    if not wrong:
        yield ok(f"The phones in all {tables} tables that have them are in E.164.")


def _rows_not_in_e164(model: type[models.Model], field: Any) -> list[int]:
    column = connection.ops.quote_name(field.column)
    if connection.vendor == "sqlite":
        digits = f"substr({column}, 2) NOT GLOB '*[^0-9]*'"
        good = f"({column} GLOB '+[1-9]*' AND {digits} AND length({column}) BETWEEN 8 AND 16)"
        short = f"({column} NOT GLOB '*[^0-9]*' AND length({column}) BETWEEN 3 AND 8)"
    else:
        good = f"{column} ~ '^[+][1-9][0-9]{{6,14}}$'"
        short = f"{column} ~ '^[0-9]{{3,8}}$'"
    if model._meta.db_table in SHORT_CODES_TOO:
        good = f"({good} OR {short})"
    if isinstance(field, PhoneField):
        good = f"({good} AND NOT {_is_old_spelling(column)})"
    empty = f"OR {column} = ''" if field.blank else ""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE {column} IS NOT NULL AND NOT ({good} {empty}) "  # noqa: S608
            f"ORDER BY id LIMIT {MOST + 1}"
        )
        return [pk for (pk,) in cursor.fetchall()]


def _is_old_spelling(column: str) -> str:
    """The SQL condition that `phones.canonical` changes the phone."""
    sixth = f"substr({column}, 6, 1) IN ('6', '7', '8', '9')"
    return (
        f"(({column} LIKE '+521%' AND length({column}) = 14)"
        f" OR ({column} LIKE '+54%' AND length({column}) = 13 AND substr({column}, 4, 1) NOT IN ('0', '9'))"
        f" OR ({column} LIKE '+55%' AND length({column}) = 13 AND {sixth}))"
    )


def _normalizing(model: Any, ids: list[int]) -> Callable[[], str]:
    """Rewrites the number in E.164, if it is a number and no other row has it."""

    def fix() -> str:
        fixed = 0
        for start in range(0, len(ids), BATCH):
            batch = model.objects.filter(pk__in=ids[start : start + BATCH])
            for pk, phone in batch.values_list("pk", "phone"):
                try:
                    with transaction.atomic():
                        fixed += model.objects.filter(pk=pk).update(phone=phones.normalize(phone))
                except (phones.InvalidPhone, IntegrityError):
                    continue
        left = len(ids) - fixed
        rest = (
            f" {counted(left, 'row', 'rows')} could not be fixed: not a phone number, or already on the list."
            if left
            else ""
        )
        table = model._meta.db_table
        return f"{counted(fixed, f'phone of {table} was', f'phones of {table} were')} converted to E.164.{rest}"

    return fix


def find_opt_outs_not_kept() -> Iterator[Finding]:
    """Texts sent to people after they opted out, in recent blasts, and opted-out people still waiting."""
    recent = list(MessageLog.objects.order_by("-pk").values_list("pk", flat=True)[:RECENT_BLASTS])
    earlier = UnsubscribedContact.objects.filter(
        phone=OuterRef("phone"), created_at__lt=OuterRef("claimed_at") - Value(TOLERANCE)
    )
    texted = Delivery.objects.filter(Exists(earlier), message_log__in=recent, claimed_at__isnull=False)
    found = dict(
        texted.exclude(status=Delivery.Status.SKIPPED).values_list("message_log").annotate(Count("pk")).order_by()
    )
    for log_id, number in sorted(found.items()):
        yield problem(
            f"Blast {log_id} texted {people(number)} after they had opted out.",
            "Apologize to them and report this: another program may have written to the tables.",
        )
    waiting = Delivery.objects.filter(
        unsubscribed(), status=Delivery.Status.PENDING, message_log__in=MessageLog.objects.filter(status="processing")
    )
    if number := waiting.count():
        yield note(
            f"{counted(number, 'person who', 'people who')} opted out still "
            f"{'waits' if number == 1 else 'wait'} in unfinished blasts.",
            "Nothing: they are skipped when their turn comes.",
            lambda: _skip(waiting),
        )
    if not found:
        yield ok("Nobody was texted after opting out.")


def _skip(waiting: QuerySet[Delivery]) -> str:
    skipped = waiting.update(
        status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.OPTED_OUT, updated_at=timezone.now()
    )
    return f"{people(skipped)} who had opted out {'was' if skipped == 1 else 'were'} skipped."


def find_unknown_values() -> Iterator[Finding]:
    """Values that no choice has, and an installation that nobody can administer."""
    fields: tuple[tuple[Any, str], ...] = (
        (MessageLog, "status"),
        (MessageLog, "target"),
        (ScheduledMessage, "status"),
        (ScheduledMessage, "target"),
        (SuppressedContact, "category"),
        (SurveySession, "status"),
        (AppUser, "role"),
    )
    for model, name in fields:
        choices = [value for value, _ in model._meta.get_field(name).choices]
        rows = model.objects.exclude(**{f"{name}__in": choices})
        if number := rows.count():
            yield problem(
                f"{counted(number, 'row', 'rows')} of {model._meta.db_table} "
                f"{'has' if number == 1 else 'have'} an unknown {name} "
                f"(id {some(rows.order_by('pk').values_list('pk', flat=True)[:6])}).",
                f"Correct them with SQL. Valid values: {some(choices, 9)}.",
            )
    for zone in Organization.objects.exclude(time_zone="").values_list("time_zone", flat=True):
        if not time_zones.is_zone(zone):
            yield problem(
                f"The organization's time zone is “{zone}”, which this machine doesn't know: times are shown in "
                f"{organization.zone_name()}.",
                "Choose another one under Settings → Organization in the admin.",
            )
    users = AppUser.objects.all()
    if users.exists() and not users.filter(role=Role.ADMIN, is_active=True).exists():
        yield problem("No active user is an admin.", "Run: manage.py create_admin")
