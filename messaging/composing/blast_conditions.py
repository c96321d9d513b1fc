"""The condition about who got a blast, and who answered it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from django.db.models import Exists, OuterRef, Q

from smsadmin.lib.ids import read_key

from ..models import Delivery, InboxMessage, MessageLog
from .condition_forms import Form, Input, Rows
from .conditions import BadCondition, Condition, find, only_keys, read_flag
from .pools import Pool

ANSWERED_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class GotMessage(Condition):
    """Got a blast, by itself or by a resend, or texted within ANSWERED_WITHIN after getting it."""

    key = "message"
    log: MessageLog
    asked: str
    is_wanted: bool

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "message", "got", "answered")
        asked = [one for one in ("got", "answered") if one in data]
        if len(asked) != 1:
            raise BadCondition("The condition “message” takes “got” or “answered”, true or false.")
        if not isinstance(data["message"], int):
            raise BadCondition("“message” takes the number of a blast.")
        log = find(MessageLog, "message_body", data["message"], "Blast")
        return cls(log, asked[0], read_flag(data, asked[0]))

    def q(self, known: Pool | None) -> Q:
        family = [self.log.pk, *(self.log.relatives() if self.log.family else [])]
        got = Delivery.objects.filter(message_log__in=family, phone=OuterRef("phone"), status__in=Delivery.SUCCESSFUL)
        if self.asked == "answered":
            texts = InboxMessage.objects.filter(
                thread__phone=OuterRef("phone"),
                direction=InboxMessage.Direction.INBOUND,
                created_at__gte=OuterRef("claimed_at"),
                created_at__lt=OuterRef("claimed_at") + ANSWERED_WITHIN,
            )
            got = got.filter(Exists(texts))
        return Q(Exists(got)) if self.is_wanted else Q(~Exists(got))

    def stored(self) -> dict[str, Any]:
        return {"message": self.log.pk, self.asked: self.is_wanted}

    def words(self, is_met: bool = True) -> str:
        is_so = self.is_wanted == is_met
        verb = {"got": ("got", "didn’t get"), "answered": ("answered", "didn’t answer")}[self.asked][
            0 if is_so else 1
        ]
        return f"{verb} “{self.log}”"

    @classmethod
    def forms(cls) -> list[Form]:
        def data(values: Mapping[str, str]) -> dict[str, Any]:
            asked, is_wanted = _ASKED[values["asked"]][1]
            return {"message": read_key(values["message"]), asked: is_wanted}

        asked = Input("asked", "Answer", choices=tuple((key, words) for key, (words, _) in _ASKED.items()))
        blast = Input("message", "Blast", rows=Rows(MessageLog, "message_body", "-pk"))
        return [Form(cls.key, "Got or answered a blast", "Blasts", data, (asked, blast))]

    def filled(self) -> tuple[str, dict[str, str]]:
        asked = next(key for key, (_, made) in _ASKED.items() if made == (self.asked, self.is_wanted))
        return self.key, {"asked": asked, "message": str(self.log.pk)}


_ASKED: Final = {
    "got": ("got it", ("got", True)),
    "not_got": ("didn’t get it", ("got", False)),
    "answered": ("answered it", ("answered", True)),
    "not_answered": ("didn’t answer it", ("answered", False)),
}
