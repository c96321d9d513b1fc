"""Who gets a blast: the people behind a target, how many of them can be texted, and their delivery rows.

Everything here works in the database on sets: memory does not grow with the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import ngettext

from contacts.models import CommunityMember, Event, EventRegistration
from contacts.models.opt_outs import unsubscribed
from contacts.models.suppression import blocked_by, suppressed

from ..models import Delivery, Draft, MessageLog, RetryWhom, Target
from .cost import NameProfile, profile

CACHED_FROM = 5_000
CACHE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Headcount:
    """An audience in numbers: everyone in it, those skipped by reason, and the shapes of the others' names."""

    total: int
    skipped: Mapping[str, int]
    names: NameProfile

    @property
    def recipients(self) -> int:
        """How many get the text."""
        return self.total - sum(self.skipped.values())

    @property
    def skipped_sentences(self) -> list[str]:
        """Such as "3 people have opted out"."""
        sentences = {
            Delivery.SkipReason.OPTED_OUT: ngettext(
                "%(count)s person has opted out", "%(count)s people have opted out", self.skipped.get("opted_out", 0)
            ),
            Delivery.SkipReason.SUPPRESSED: ngettext(
                "%(count)s number cannot be texted",
                "%(count)s numbers cannot be texted",
                self.skipped.get("suppressed", 0),
            ),
        }
        return [
            sentence % {"count": f"{self.skipped[reason]:,}"}
            for reason, sentence in sentences.items()
            if self.skipped.get(reason)
        ]


@dataclass(frozen=True, slots=True)
class Audience:
    """The community, one event's registrants, the members selected for a draft, those whom an earlier blast
    did not reach, or the admin's test phone.

    With `test_phone` it is a test, which nobody else gets: "" stands for a test without a phone, that is, nobody.
    """

    target: str
    event: Event | None = None
    selection: Draft | None = None
    test_phone: str | None = None
    retry_of: MessageLog | None = None
    retry_whom: str = ""

    @classmethod
    def of_draft(cls, draft: Draft) -> Self:
        return cls(
            draft.target,
            draft.event,
            draft if draft.is_selection else None,
            settings.ADMIN_TEST_PHONE if draft.test_mode else None,
            draft.retry_of,
            draft.retry_whom,
        )

    @property
    def name(self) -> str:
        """What staff call it, such as "Community" or "12 selected members"."""
        if self.test_phone is not None:
            return "Test phone"
        if self.retry_of is not None:
            count = self.people().count()
            return ngettext("%(count)s person not reached", "%(count)s people not reached", count) % {
                "count": f"{count:,}"
            }
        if self.selection is not None:
            count = self.selection.members.count()
            return ngettext("%(count)s selected member", "%(count)s selected members", count) % {
                "count": f"{count:,}"
            }
        return str(self.event) if self.event is not None else "Community"

    def people(self) -> QuerySet[Any]:
        """Rows with a phone and a name for everyone in it, whether they can be texted or not."""
        if self.retry_of is not None:
            return self.retry_of.to_retry(self.retry_whom == RetryWhom.FAILED)
        if self.target == Target.EVENT:
            return EventRegistration.objects.filter(event=self.event)
        if self.selection is not None:
            return CommunityMember.objects.filter(
                pk__in=self.selection.members.through.objects.filter(draft=self.selection).values(
                    "communitymember_id"
                )
            )
        return CommunityMember.objects.all()

    def _textable(self) -> QuerySet[Any]:
        return self.people().filter(~unsubscribed(), ~suppressed())

    def sample(self, count: int) -> list[tuple[str, str | None]]:
        """(phone, name) of the first few who get the text; those of the real audience in test mode too."""
        return list(self._textable().order_by("pk").values_list("phone", "name")[:count])

    def headcount(self) -> Headcount:
        """Counted now. Of the test phone: one person, with the name of the audience's first."""
        if self.test_phone == "":
            return Headcount(0, {}, profile(()))
        if self.test_phone:
            return Headcount(1, {}, profile(name for _, name in self.sample(1) or [("", None)]))
        people = self.people()
        opted_out = people.filter(unsubscribed()).count()
        skipped = {"opted_out": opted_out, "suppressed": people.filter(suppressed(), ~unsubscribed()).count()}
        names = profile(self._textable().order_by().values_list("name", flat=True).iterator(chunk_size=5_000))
        return Headcount(names.total() + sum(skipped.values()), skipped, names)

    def recent_headcount(self) -> Headcount:
        """The headcount, for a large audience at most a minute old: for a preview at each keystroke."""
        key = f"headcount:{self.target}:{self.event and self.event.pk}:{self.selection and self.selection.pk}"
        key += f":{self.retry_of and self.retry_of.pk}:{self.retry_whom}:{self.test_phone}"
        headcount = cache.get(key)
        if headcount is None:
            headcount = self.headcount()
            if headcount.total >= CACHED_FROM:
                cache.set(key, headcount, CACHE_SECONDS)
        return headcount

    def expand(self, log: MessageLog) -> int:
        """Write the delivery rows of `log`, one for each person; how many.

        Who has opted out or is suppressed gets a row too, as skipped. To be called in the transaction that
        makes `log`, so that there is never a blast with half of its people.
        """
        if self.test_phone == "":
            return 0
        if self.test_phone:
            name = next((name for _, name in self.sample(1)), None)
            Delivery.objects.create(message_log=log, phone=self.test_phone, name=name)
            return 1
        columns: dict[str, Any] = {
            "message_log_id": Value(log.pk),
            "phone": F("phone"),
            "name": F("name"),
            "status": Case(When(blocked_by="", then=Value("pending")), default=Value("skipped")),
            "skip_reason": F("blocked_by"),
            "sid": Value(""),
            "error_message": Value(""),
            "updated_at": Value(timezone.now()),
            "is_left": Value(False),
        }
        rows = self.people().annotate(blocked_by=blocked_by()).order_by("pk")
        selected = {f"new_{name}": expression for name, expression in columns.items()}
        sql, parameters = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
        quote = connection.ops.quote_name
        names = ", ".join(quote(name) for name in columns)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote(Delivery._meta.db_table)} ({names}) {sql}", parameters)
            return cursor.rowcount
