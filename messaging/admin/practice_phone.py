"""The page of the practice phone: staff text their own automations before anyone else does. Only in practice mode."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from accounts.models import AppUser
from contacts.models import EventRegistration, UnsubscribedContact
from smsadmin.lib.registry import Registry

from .. import practice_phone
from ..backends import get_backend
from ..practice_numbers import number_of
from ..text.encoding import MAX_CHARACTERS

TEXTS_SHOWN: Final = 200
NO_ANSWER: Final = "No reply to this text. Words like STOP get none, and anything else waits in the inbox."
# The button that saves a row and opens the practice phone.
TRY: Final = "_try"

# Lines about what else the texts of a number created, for the page: HTML.
traces: Registry[Callable[[str], Iterable[SafeString]]] = Registry()


class PhonePage(admin.ModelAdmin):
    """Adds the phone to the admin of a model whose rows answer a keyword. See `messaging.practice_phone`."""

    keyword_field: ClassVar[str]
    phone_template: ClassVar[str]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.phone_view)
        return [path("<int:pk>/phone/", view, name=self._page("phone")), *super().get_urls()]

    def can_try(self, request: HttpRequest) -> bool:
        """Whether this user may use the practice phone here, which acts like anyone texting in."""
        return get_backend().is_simulated and self.has_change_permission(request)

    def phone_address(self, request: HttpRequest, obj: Model | None) -> str:
        """The page of a saved row; "" for who may not use it."""
        return reverse(f"admin:{self._page('phone')}", args=[obj.pk]) if obj and self.can_try(request) else ""

    def phone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The conversation so far. POST sends a text (`body`, and `token`, so that a double click sends one text) or
        starts over (`start_over`)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        original = self.get_queryset(request).filter(pk=pk).first()
        name = self.opts.verbose_name
        if original is None:
            messages.warning(request, f"This {name} no longer exists.")
            return redirect(f"admin:{self._page('changelist')}")
        if not get_backend().is_simulated:
            messages.info(
                request,
                f"The practice phone only works in practice mode. To try the {name}, text "
                f"{getattr(original, self.keyword_field)} from your own phone.",
            )
            return redirect(f"admin:{self._page('change')}", pk)
        phone = number_of(cast(AppUser, request.user).pk)
        if request.method == "POST":
            self._act(request, phone)
            return redirect(f"admin:{self._page('phone')}", pk)
        return TemplateResponse(request, self.phone_template, self._phone_context(request, original, phone))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._try_saved(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._try_saved(request, obj) or super().response_change(request, obj)

    def _try_saved(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        """Opens the practice phone, if the row was saved by that button."""
        if TRY not in request.POST:
            return None
        messages.success(request, f"Saved “{obj}”. Now try it.")
        return redirect(f"admin:{self._page('phone')}", obj.pk)

    def _act(self, request: HttpRequest, phone: str) -> None:
        if "start_over" in request.POST:
            practice_phone.forget([phone], request.user.get_username())
            messages.success(request, "Started over. Everything this phone created is gone.")
            return
        body = request.POST.get("body", "")[:MAX_CHARACTERS]
        if body.strip():
            practice_phone.text(phone, body, _token(request))

    def _phone_context(self, request: HttpRequest, original: Model, phone: str) -> dict[str, Any]:
        texts = practice_phone.conversation(phone, TEXTS_SHOWN)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": original,
            "title": f"Try {original}",
            "keyword": getattr(original, self.keyword_field),
            "change_address": reverse(f"admin:{self._page('change')}", args=[original.pk]),
            "phone": phone,
            "texts": texts,
            "last_text": texts[-1].body if texts else "",
            "no_answer": NO_ANSWER,
            "is_unanswered": bool(texts) and texts[-1].direction == texts[-1].Direction.INBOUND,
            "traces": [line for trace in traces for line in trace(phone)],
            "registrations": EventRegistration.objects.filter(phone=phone).select_related("event").order_by("pk"),
            "is_opted_out": UnsubscribedContact.objects.filter(phone=phone).exists(),
            "token": uuid.uuid4(),
            "most_characters": MAX_CHARACTERS,
        }

    def _page(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"


def _token(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()
