"""The practice phone: staff text their own surveys before anyone else does. Only in practice mode."""

import uuid
from typing import Any, Final, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import AppUser
from messaging.backends import get_backend
from messaging.text.encoding import MAX_CHARACTERS

from .. import practice_phone
from ..models import SurveyFlow

TEXTS_SHOWN: Final = 200
NO_ANSWER: Final = "No reply to this text. Words like STOP get none, and anything else waits in the inbox."


class PhonePage(admin.ModelAdmin):
    """Adds the phone to the surveys' admin. See `surveys.practice_phone` for what a test is."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.phone_view)
        return [path("<int:pk>/phone/", view, name="surveys_surveyflow_phone"), *super().get_urls()]

    def can_try(self, request: HttpRequest) -> bool:
        """Whether this user may test surveys on the practice phone, which acts like anyone texting in."""
        return get_backend().is_simulated and self.has_change_permission(request)

    def phone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The conversation so far. POST sends a text (`body`, and `token`, so that a double click sends one text) or
        starts over (`start_over`)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        survey = SurveyFlow.objects.select_related("linked_event").filter(pk=pk).first()
        if survey is None:
            messages.warning(request, "This survey no longer exists.")
            return redirect("admin:surveys_surveyflow_changelist")
        if not get_backend().is_simulated:
            messages.info(
                request,
                "The practice phone only works in practice mode. To try the survey, text "
                f"{survey.trigger_keyword} from your own phone.",
            )
            return redirect("admin:surveys_surveyflow_change", pk)
        phone = practice_phone.number_of(cast(AppUser, request.user).pk)
        if request.method == "POST":
            self._act(request, phone)
            return redirect("admin:surveys_surveyflow_phone", pk)
        return TemplateResponse(request, "surveys/phone.html", self._phone_context(request, survey, phone))

    def _act(self, request: HttpRequest, phone: str) -> None:
        if "start_over" in request.POST:
            practice_phone.forget([phone], request.user.get_username())
            messages.success(request, "Started over. Everything this phone created is gone.")
            return
        body = request.POST.get("body", "")[:MAX_CHARACTERS]
        if body.strip():
            practice_phone.text(phone, body, _token(request))

    def _phone_context(self, request: HttpRequest, survey: SurveyFlow, phone: str) -> dict[str, Any]:
        texts = practice_phone.conversation(phone, TEXTS_SHOWN)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": survey,
            "title": f"Try {survey}",
            "phone": phone,
            "texts": texts,
            "last_text": texts[-1].body if texts else "",
            "no_answer": NO_ANSWER,
            "is_unanswered": bool(texts) and texts[-1].direction == texts[-1].Direction.INBOUND,
            "left": practice_phone.left_by(phone),
            "token": uuid.uuid4(),
            "most_characters": MAX_CHARACTERS,
        }


def _token(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()
