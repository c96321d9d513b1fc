"""Whatever is pressed, killed, reported and restored, in whatever order: nobody is called again whose text may have
gone out, in a blast and all of its retries. Only staff's own decision about a doubt repeats, and only for its people.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest import mock

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.models import CommunityMember
from messaging.backends import SentMessage
from messaging.backends.locmem import LocmemBackend
from messaging.composing.audience import Audience
from messaging.models import Delivery, Draft, MessageLog, RetryWhom, ScheduledMessage, SenderSlot, Target
from messaging.models.deliveries import Receipt
from messaging.scheduling import scheduled_messages
from messaging.scheduling import sweep as sweeping
from messaging.sending import dispatch, reconciliation
from messaging.sending.sources import BlastStream
from messaging.webhooks.signatures import sign
from smsadmin.backups import restoring
from smsadmin.backups.contents import Contents
from smsadmin.migration_state import known
from tests.conftest import IS_QUICK, examples, fictional_phone

STEPS = 25 if IS_QUICK else 40
PEOPLE = 3

ACCEPTED, LOST_BUT_ACCEPTED, LOST, LATER = "accepted", "lost but accepted", "lost", "later"
REFUSED = {"no route": 21612, "dead": 21614, "wrong password": 20003}
ANSWERS = (*(ACCEPTED,) * 3, LOST_BUT_ACCEPTED, LOST, *(LATER,) * 2, *REFUSED, "wrong password", "wrong password")
FAILURES = ("undelivered", "failed")
# Each model comes before those it references.
TABLES = (ScheduledMessage, Delivery, SenderSlot, Draft, MessageLog)


@dataclass
class Call:
    """One call to Twilio as it really happened, which no restore can undo.

    `may_have_arrived` is False once it is certain, and known to us, that the person got nothing by it. `is_waived`
    says that staff have decided to send again in spite of it.
    """

    row: Delivery
    answer: str
    sid: str
    may_have_arrived: bool = True
    is_waived: bool = False
    reported: set = field(default_factory=set)

    @property
    def has_contradicted_itself(self):
        """Whether it was reported both as delivered and as failed."""
        return "delivered" in self.reported and not self.reported.isdisjoint(FAILURES)


class World:
    """Staff, senders, Twilio and time, each of which may act next."""

    def __init__(self, draw):
        self.draw = draw
        self.calls: list[Call] = []
        self.in_flight: list[Call] = []
        self.backups = []
        self.client = Client()
        LocmemBackend.reset()
        CommunityMember.objects.bulk_create(
            CommunityMember(name=f"Person {i}", phone=fictional_phone(i)) for i in range(PEOPLE)
        )
        dispatch.start("Hi {first_name}", Audience(Target.COMMUNITY))

    def choose(self, options):
        return self.draw(st.sampled_from(list(options)))

    def blast(self):
        return self.choose(MessageLog.objects.order_by("pk"))

    # Senders

    def claim(self, log=None, most=None, answer=None):
        log = log or self.blast()
        duplicates = set(log.deliveries.filter(skip_reason="duplicate").values_list("phone", flat=True))
        rows = BlastStream(log).claim(most or self.choose(range(1, PEOPLE + 1)))
        for row in log.deliveries.filter(skip_reason="duplicate").exclude(phone__in=duplicates):
            # Only a report can have revived another row of the phone, never a button.
            assert any(call.has_contradicted_itself for call in self.calls if call.row.phone == row.phone), row
        for row in rows:
            earlier = [call for call in self.calls if call.row.phone == row.phone]
            assert not any(call.may_have_arrived and not call.is_waived for call in earlier), (row.phone, earlier)
            given_answer = answer or self.choose(ANSWERS)
            call = Call(row, given_answer, f"SM{len(self.calls):032x}")
            self.calls.append(call)
            self.in_flight.append(call)
            if given_answer in (ACCEPTED, LOST_BUT_ACCEPTED):
                body = BlastStream(log).text(row)
                LocmemBackend.listed.append(SentMessage(call.sid, row.phone, body, "queued", None, datetime.now(UTC)))

    def record(self):
        for log in MessageLog.objects.all():
            calls = [call for call in self.in_flight if call.row.message_log_id == log.pk]
            self._record(log, calls)
        self.in_flight = []

    def _record(self, log, calls):
        receipts = []
        for call in calls:
            if call.answer == ACCEPTED:
                receipts.append(Receipt(call.row.pk, "accepted", sid=call.sid))
            elif call.answer == LATER:
                call.may_have_arrived = False
                receipts.append(Receipt(call.row.pk, "pending"))
            elif call.answer in REFUSED:
                call.may_have_arrived = False
                receipts.append(Receipt(call.row.pk, "failed", error_code=REFUSED[call.answer]))
            else:
                receipts.append(Receipt(call.row.pk, "unknown", error_message="The answer got lost."))
        Delivery.objects.record(receipts)
        BlastStream(log).judge(receipts)
        log.refresh_from_db()
        log.settle()

    def die(self):
        """The result of the call in progress is never stored."""
        self.in_flight = []
        Delivery.objects.of_blasts().doubt_abandoned(timezone.now() + timedelta(minutes=1))

    def sweep(self):
        sweeping.sweep()
        for log in MessageLog.objects.exclude(cancelled_at=None):
            assert not log.deliveries.filter(status="pending").exists()

    # Twilio

    def report(self):
        """Twilio's reports contradict each other, except that only an arrival is told of a text after which staff
        have had another one sent."""
        accepted = [call for call in self.calls if call.answer in (ACCEPTED, LOST_BUT_ACCEPTED)]
        if not accepted:
            return
        call = self.choose(accepted)
        status = self.choose(("sent", "delivered") if call.is_waived else ("sent", "delivered", *FAILURES))
        call.reported.add(status)
        final = next((each for each in ("delivered", *FAILURES) if each in call.reported), "sent")
        LocmemBackend.listed[:] = [
            SentMessage(m.sid, m.to, m.body, final if m.sid == call.sid else m.status, m.error_code, m.created_at)
            for m in LocmemBackend.listed
        ]
        fields = {"MessageSid": call.sid, "MessageStatus": status, "To": call.row.phone}
        if status in FAILURES:
            fields["ErrorCode"] = str(self.choose((30003, 30002)))
        address = f"/webhooks/twilio/status/{call.row.pk}"
        signature = sign(f"http://testserver{address}", fields)
        answer = self.client.post(address, fields, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 204
        call.may_have_arrived = final not in FAILURES

    def look_up(self):
        reconciliation.reconcile(at_once=True)

    # Staff

    def pause(self):
        self.blast().pause()

    def cancel(self):
        self.blast().cancel()

    def resume(self):
        log = self.blast()
        could = log.can_be_resumed
        assert log.resume() == could

    def draft_retry(self):
        log = self.blast()
        Draft.objects.create(
            message_body=log.message_body,
            has_opt_out_line=False,
            target=log.target,
            retry_of=log,
            retry_whom=self.choose(RetryWhom.values),
        )

    def confirm(self):
        if draft := self._waiting_draft():
            try:
                dispatch.send_draft(draft, None)
            except dispatch.EmptyAudience:
                return

    def schedule(self):
        if draft := self._waiting_draft():
            scheduled_messages.schedule_draft(draft, timezone.now() + timedelta(hours=1), None)

    def time_comes(self):
        for message in ScheduledMessage.objects.filter(status="pending"):
            scheduled_messages.send(message.pk, message.scheduled_at)

    def _waiting_draft(self):
        drafts = list(Draft.objects.filter(sent_at=None).order_by("pk"))
        return self.choose(drafts) if drafts else None

    def retry(self):
        self.draft_retry()
        self.confirm()

    def decide(self):
        """Resends to some people of a blast with unknown outcomes."""
        log = self.blast()
        doubtful = list(log.deliveries.in_doubt().order_by("pk"))
        if not doubtful:
            return
        chosen = self.draw(st.lists(st.sampled_from([row.pk for row in doubtful]), unique=True))
        reconciliation.send_again(log, chosen)
        again = set(log.deliveries.filter(pk__in=chosen, status="pending").values_list("phone", flat=True))
        for call in self.calls:
            call.is_waived = call.is_waived or call.row.phone in again

    def leave(self):
        log = self.blast()
        reconciliation.leave(log, list(log.deliveries.in_doubt().values_list("pk", flat=True)[:1]))

    def delete(self):
        log = self.blast()
        if log.status != "processing" and MessageLog.objects.count() > 1:
            admin.site.get_model_admin(MessageLog).delete_queryset(None, MessageLog.objects.filter(pk=log.pk))

    # Operators

    def back_up(self):
        self.backups.append({model: list(model._base_manager.values(*_columns(model))) for model in TABLES})

    def restore(self, backup=None):
        if not self.backups:
            return
        backup = backup or self.choose(self.backups)
        self.in_flight = []
        for model in TABLES:
            model._base_manager.all().delete()
        for model in reversed(TABLES):
            model._base_manager.bulk_create(model(**values) for values in backup[model])
        contents = Contents(0, 0, known(), {})
        with connection.cursor() as cursor:
            for statement in restoring._hold_back(timezone.now(), contents):
                cursor.execute(statement)

    def lose_time(self):
        """A backup, then an action that restoring it undoes."""
        self.back_up()
        for action in self.draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=6)):
            action(self)
        self.restore(self.backups[-1])

    # The end

    def press_everything(self):
        """Presses every button, so that everyone who can be called is."""
        for _ in range(2):
            self.record()
            self.time_comes()
            for log in MessageLog.objects.order_by("pk"):
                log.resume()
                for whom in RetryWhom.values:
                    try:
                        dispatch.start("Hi {first_name}", Audience(log.target, retry_of=log, retry_whom=whom))
                    except dispatch.EmptyAudience:
                        continue
            for log in MessageLog.objects.order_by("pk"):
                self.claim(log, PEOPLE, ACCEPTED)
            self.record()
            self.sweep()


def _columns(model):
    return [each.attname for each in model._meta.concrete_fields]


ACTIONS = (
    *(World.claim,) * 5,
    *(World.record,) * 4,
    *(World.report,) * 4,
    *(World.retry,) * 3,
    *(World.resume,) * 2,
    World.die,
    World.sweep,
    World.look_up,
    World.pause,
    World.cancel,
    World.draft_retry,
    World.confirm,
    World.schedule,
    World.time_comes,
    World.decide,
    World.leave,
    World.delete,
    World.back_up,
    World.restore,
)


class AnyOrder(TestCase):
    @given(st.data())
    @examples(quick=5, thorough=60)
    def test_never_calls_twice_if_the_first_text_may_have_been_sent(self, data):
        with mock.patch.object(dispatch, "async_task"), mock.patch.object(scheduled_messages, "async_task"):
            world = World(data.draw)
            for action in data.draw(
                st.lists(st.sampled_from((*ACTIONS, *(World.lose_time,) * 6)), min_size=8, max_size=STEPS)
            ):
                action(world)
            world.press_everything()
