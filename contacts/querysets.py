"""Which people: the querysets of the contact models."""

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When


class SuppressedQuerySet(models.QuerySet):
    def blocking(self) -> Self:
        """Those whom blasts skip. A soft failure is recorded but does not block (schema of record)."""
        return self.exclude(category="soft_fail")


def _opt_outs() -> models.QuerySet:
    model: Any = apps.get_model("contacts", "UnsubscribedContact")
    return model.objects.all()


def _suppressions() -> models.QuerySet:
    model: Any = apps.get_model("contacts", "SuppressedContact")
    return model.objects.blocking()


def unsubscribed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone has opted out."""
    return Exists(_opt_outs().filter(phone=OuterRef(phone)))


def suppressed(phone: str = "phone") -> Exists:
    """Whether the outer row's phone is on the list of numbers that cannot be reached."""
    return Exists(_suppressions().filter(phone=OuterRef(phone)))


def wants_no_texts(phone: str = "phone") -> Q:
    """Whether the outer row's phone has opted out, by its own word or by what an old list says of it: the condition
    of `opting_out.opted_out_since`."""
    model: Any = apps.get_model("contacts", "SuppressedContact")
    listed = model.objects.filter(phone=OuterRef(phone), category=model.Category.OPT_OUT)
    return Q(unsubscribed(phone)) | Q(Exists(listed))


def blocked_by(phone: str = "phone") -> Case:
    """Why the outer row's phone is skipped: "opted_out", "suppressed" or "" (it can be texted)."""
    return Case(
        When(unsubscribed(phone), then=Value("opted_out")),
        When(suppressed(phone), then=Value("suppressed")),
        default=Value(""),
        output_field=models.CharField(),
    )


class PersonQuerySet(models.QuerySet):
    """Rows with a `phone`: members and registrations."""

    def textable(self) -> Self:
        """Those who have neither opted out nor been suppressed."""
        return self.filter(~unsubscribed(), ~suppressed())

    def opted_out(self, newest: int | None = None) -> Self:
        """Those who have opted out; with `newest`, only the so many of them who did so last."""
        return self._on(_opt_outs(), newest)

    def suppressed(self, newest: int | None = None) -> Self:
        """Those whose number cannot be reached; with `newest`, only the so many that were found out last."""
        return self._on(_suppressions(), newest)

    def _on(self, blocked: models.QuerySet, newest: int | None) -> Self:
        # From the small list into the large one: the number of members makes no difference.
        phones = blocked.values("phone")
        if newest is not None:
            is_here = Exists(self.order_by().filter(phone=OuterRef("phone")))
            phones = phones.filter(is_here).order_by("-pk")[:newest]
        return self.filter(phone__in=phones)
