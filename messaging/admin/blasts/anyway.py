"""Sending within quiet hours: an admin confirms it, with a reason."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from messaging.models import MessageLog
from messaging.sending import anyway, progress

from ..permissions import require
from .retry_and_doubt import RetryAndDoubtViews


class AnywayViews(RetryAndDoubtViews):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.anyway_view)
        return [path("<int:pk>/anyway/", view, name="messaging_messagelog_anyway"), *super().get_urls()]

    def anyway_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for the reason first: the texts wake people, and can't be taken back."""
        user = require(request, anyway.PERMISSION)
        log = self._viewable(request, pk)
        seen = progress.progress(log)
        if not log.is_running or not seen.held:
            messages.info(request, "Nobody is waiting for quiet hours to end, so nothing was changed.")
            return redirect("admin:messaging_messagelog_change", log.pk)
        problem, reason = "", request.POST.get("reason", "")
        if request.method == "POST":
            try:
                if anyway.send_anyway(log, user, reason):
                    self.log_change(request, log, "Sent within quiet hours.")
                    messages.success(request, "Sending to everybody now. Your reason is on record.")
                return redirect("admin:messaging_messagelog_change", log.pk)
            except anyway.NoReason as refusal:
                problem = str(refusal)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": "Send within quiet hours?",
            "progress": seen,
            "problem": problem,
            "reason": reason,
            "longest": anyway.LONGEST_REASON,
        }
        return TemplateResponse(request, "messaging/anyway.html", context)

    def _page_context(self, request: HttpRequest, log: MessageLog) -> dict[str, Any]:
        context = super()._page_context(request, log)
        return context | {"can_send_anyway": log.is_running and request.user.has_perm(anyway.PERMISSION)}
