"""What messaging keeps of a phone (see `contacts.person_records`): conversations, deliveries, and who was chosen.

When a person is erased, their deliveries stay in the counts of blasts: without name, error text and phone, in whose
place is one that is unique and can't be texted. They are closed, so that no resend of the blast takes them up, and no
late report finds them.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, Now

from contacts import phones
from contacts.person_records import CannotErase, Keeper, Table, delete, redact_log_of, table

from .composing.definitions import without_phone
from .models import (
    DeletedText,
    Delivery,
    Draft,
    InboxMessage,
    InboxThread,
    MessageLog,
    SavedAudience,
    ScheduledMessage,
)

_DEFINED: Final[tuple[type[Model], ...]] = (SavedAudience, Draft, ScheduledMessage, MessageLog)
_BATCH: Final = 1000


class MessagesKeeper(Keeper):
    def knows(self, phone: str) -> bool:
        return InboxThread.objects.filter(phone=phone).exists() or _blasts_to(phone).exists()

    def tables(self, phone: str) -> Iterator[Table]:
        yield table("conversation", InboxThread.objects.filter(phone=phone), Name="contact_name", Began="created_at")
        texts = InboxMessage.objects.filter(thread__phone=phone)
        yield table("texts", texts, When="created_at", Direction="direction", Text="body", SID="message_sid")
        deliveries = Delivery.objects.filter(pk__in=list(_blasts_to(phone).values_list("pk", flat=True)))
        yield table(
            "blasts",
            deliveries,
            Blast="message_log",
            When="message_log__created_at",
            Message="message_log__message_body",
            Name="name",
            Status="status",
            Skipped="skip_reason",
            Error_code="error_code",
            Error="error_message",
            Segments="segments",
            Last_change="updated_at",
            SID="sid",
        )

    def hold(self, phone: str) -> None:
        list(InboxThread.objects.select_for_update().filter(phone=phone).values_list("pk", flat=True))

    def check(self, phone: str) -> None:
        being_sent = _blasts_to(phone).filter(message_log__status=MessageLog.Status.PROCESSING)
        for delivery in being_sent.select_related("message_log")[:1]:
            raise CannotErase(
                f"They’re in the blast “{delivery.message_log}”, which is being sent. Wait until it’s finished, or "
                "cancel it."
            )
        if Delivery.objects.filter(message_log=None, phone=phone).in_progress().exists():
            raise CannotErase("A reply to them is being sent. Wait until it’s sent.")

    def erase(self, phone: str) -> None:
        logs = set(_blasts_to(phone).values_list("message_log", flat=True))
        _redact_deliveries(Delivery.objects.filter(message_log=None, phone=phone))
        _redact_deliveries(_blasts_to(phone))
        _redact_details(logs, phone)
        _take_off_definitions(phone)
        _delete_conversation(phone)
        redact_log_of(phone, (InboxThread,))


def _blasts_to(phone: str) -> Any:
    # One lookup in the unique index for each blast, because there is no index on the phone alone.
    return Delivery.objects.filter(message_log__in=MessageLog.objects.values("pk"), phone=phone)


def _redact_deliveries(rows: QuerySet[Delivery]) -> None:
    keys = list(rows.order_by().values_list("pk", flat=True))
    erased = Concat(Value(phones.ERASED), Cast("pk", CharField()), output_field=CharField())
    Delivery.objects.filter(pk__in=keys).update(
        phone=erased, name=None, error_message="", is_left=True, learned_at=Coalesce("learned_at", Now())
    )


def _redact_details(logs: set[int], phone: str) -> None:
    """The copies of deliveries that blasts keep for other readers of the database."""
    stored = MessageLog.objects.filter(pk__in=logs, stored_details__contains=phone)
    for pk, details in stored.values_list("pk", "stored_details"):
        entries = json.loads(details)
        for entry in entries:
            if entry.get("phone") == phone:
                entry.update(phone=phones.ERASED.rstrip("-"), name=None, error=None)
        MessageLog.objects.filter(pk=pk).update(stored_details=json.dumps(entries, ensure_ascii=False))


def _take_off_definitions(phone: str) -> None:
    """Single people that audiences, drafts and blasts name."""
    for model in _DEFINED:
        for row in model._default_manager.exclude(definition=None).only("pk", "definition").iterator(_BATCH):
            definition = without_phone(row.definition, phone)  # type: ignore[attr-defined]
            if definition != row.definition:  # type: ignore[attr-defined]
                model._default_manager.filter(pk=row.pk).update(definition=definition)
    number = phones.display(phone)
    for log in MessageLog.objects.filter(audience_name__contains=number).only("pk", "audience_name"):
        name = log.audience_name.replace(number, "1 person")
        MessageLog.objects.filter(pk=log.pk).update(audience_name=name)


def _delete_conversation(phone: str) -> None:
    """The conversation with its texts; a text that Twilio repeats isn't stored again."""
    for thread in InboxThread.objects.filter(phone=phone):
        sids = thread.messages.received().exclude(message_sid=None).values_list("message_sid", flat=True)
        DeletedText.objects.bulk_create(
            [DeletedText(message_sid=sid) for sid in sids if sid], ignore_conflicts=True, batch_size=_BATCH
        )
    delete(InboxThread.objects.filter(phone=phone))
