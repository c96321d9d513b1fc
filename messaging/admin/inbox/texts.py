"""Actions on one text of a conversation: delete it, or decide about one that failed or may not have arrived.

Also measures a text while it is being typed.
"""

from collections.abc import Callable
from typing import Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import AppUser
from messaging.inbox import conversations, replies
from messaging.models import InboxMessage, InboxThread

from ..permissions import require
from ..text_measure import answer_measure

CHANGE: Final = "messaging.change_inboxthread"
DELETE_TEXTS: Final = "messaging.delete_inboxmessage"


class TextPages(admin.ModelAdmin):
    """Admin views of one text."""

    def get_urls(self) -> list[URLPattern]:
        texts: dict[str, Callable[..., HttpResponse]] = {
            "delete": self.delete_text_view,
            "again": self.again_view,
            "repeat": self.repeat_view,
            "leave": self.leave_view,
        }
        own = [
            path(
                f"texts/<int:text>/{name}/",
                self.admin_site.admin_view(view),
                name=f"messaging_inboxthread_text_{name}",
            )
            for name, view in texts.items()
        ]
        measure = path(
            "measure/", self.admin_site.admin_view(self.measure_view), name="messaging_inboxthread_measure"
        )
        return [measure, *own, *super().get_urls()]

    def delete_text_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """Asks first, because a deleted text can't be restored."""
        require(request, CHANGE, DELETE_TEXTS)
        message = _find_text(text)
        if message is None:
            return _say_gone(request)
        thread = message.thread
        if request.method != "POST":
            context = self.admin_site.each_context(request) | {
                "opts": self.opts,
                "title": "Delete this text?",
                "thread": thread,
                "message": message,
                "name": conversations.shown_names([thread])[thread.pk],
            }
            return TemplateResponse(request, "messaging/inbox_delete.html", context)
        try:
            conversations.delete_text(message)
        except conversations.CannotDelete as reason:
            messages.warning(request, str(reason))
        else:
            self.log_change(request, thread, "Deleted a text.")
            messages.success(request, "Text deleted.")
        return back(thread)

    def again_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """Resend a reply with unknown outcome; the person may get it twice."""
        return _decide(request, text, replies.send_again)

    def repeat_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """Resend a failed reply as a new text."""
        return _decide(request, text, replies.repeat)

    def leave_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """Close a failed or unconfirmed reply without resending."""
        return _decide(request, text, lambda message, _: replies.leave(message))

    def measure_view(self, request: HttpRequest) -> HttpResponse:
        """The size of the text being typed (see `answer_measure`)."""
        require(request, CHANGE)
        return answer_measure(request) if request.method == "POST" else HttpResponseNotAllowed(["POST"])


def _decide(request: HttpRequest, text: int, decide: Callable[[InboxMessage, AppUser], object]) -> HttpResponse:
    """Apply a decision about one text, and show why if `decide` refuses."""
    user = require(request, CHANGE)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    message = _find_text(text)
    if message is None:
        return _say_gone(request)
    try:
        decide(message, user)
    except replies.CannotReply as reason:
        messages.warning(request, str(reason))
    return back(message.thread)


def _find_text(pk: int) -> InboxMessage | None:
    return InboxMessage.objects.select_related("thread").filter(pk=pk).first()


def _say_gone(request: HttpRequest) -> HttpResponse:
    """Redirect to the inbox, because a deleted text no longer tells its conversation."""
    messages.warning(request, "This text no longer exists. Someone may have deleted it.")
    return redirect("admin:messaging_inboxthread_changelist")


def back(thread: InboxThread) -> HttpResponse:
    """Redirect to the conversation."""
    return redirect("admin:messaging_inboxthread_change", thread.pk)
