"""The page of one conversation: its texts, the reply box, and the hands on it."""

import uuid
from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from contacts import phones, standing

from .. import inbox, replying, timeline, wording
from ..inbox_forms import NameForm, ReplyForm
from ..models import InboxMessage, InboxThread
from .measuring import answer_measure
from .permissions import require

CHANGE: Final = "messaging.change_inboxthread"
DELETE_TEXTS: Final = "messaging.delete_inboxmessage"
DECIDE: Final = (CHANGE, "contacts.add_unsubscribedcontact")
DECIDED_MEANWHILE: Final = "Somebody has decided that in the meantime, so nothing was changed."


class ConversationPage(admin.ModelAdmin):
    """Views of the inbox that are about one conversation. None of them writes anything on GET."""

    def get_urls(self) -> list[URLPattern]:
        threads = {
            "news": self.news_view,
            "reply": self.reply_view,
            "read": self.read_view,
            "unread": self.unread_view,
            "name": self.name_view,
            "stop": self.stop_view,
            "keep": self.keep_view,
        }
        texts = {"delete": self.delete_text_view, "again": self.again_view, "leave": self.leave_view}
        pages: dict[str, tuple[Callable[..., HttpResponse], str]] = {
            "measure/": (self.measure_view, "measure"),
            **{f"<int:pk>/{name}/": (view, name) for name, view in threads.items()},
            **{f"texts/<int:text>/{name}/": (view, f"text_{name}") for name, view in texts.items()},
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=f"messaging_inboxthread_{name}")
            for address, (view, name) in pages.items()
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """In place of the admin's form. A posted form of that address has nothing to change."""
        thread = _find(object_id)
        if not self.has_view_permission(request, thread):
            raise PermissionDenied
        if thread is None:
            messages.warning(request, "This conversation does not exist any more.")
            return redirect("admin:messaging_inboxthread_changelist")
        return self._render(request, thread)

    def news_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes on the open page, as HTML in JSON; `why_not` blocks the reply box with a sentence."""
        thread = self._viewable(request, pk)
        context = self._context(request, thread)
        return JsonResponse(
            {
                "head": render_to_string("messaging/inbox_head.html", context, request=request),
                "timeline": render_to_string("messaging/inbox_timeline.html", context, request=request),
                "why_not": context["why_not"],
                "last": context["page"].last_text,
                "unread": thread.unread_count,
            }
        )

    def reply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sends a reply. A script is answered in JSON: `problem` is a sentence or "", `token` is for the next one."""
        user = require(request, CHANGE)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ReplyForm(request.POST)
        problem = form.problem
        if not problem:
            try:
                replying.reply(thread, form.cleaned_data["body"], user, form.cleaned_data["token"])
            except replying.CannotReply as reason:
                problem = str(reason)
        if request.accepts("text/html"):
            if problem:
                return self._render(request, thread, form=form, problem=problem)
            return _back(thread)
        return JsonResponse({"problem": problem, "token": str(uuid.uuid4())})

    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Marks as read what was shown: the texts up to `up_to`."""
        thread = self._own_hands(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        inbox.mark_read(thread, _up_to(request))
        return _back(thread) if request.accepts("text/html") else HttpResponse(status=204)

    def unread_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        thread = self._own_hands(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        inbox.mark_unread(InboxThread.objects.filter(pk=thread.pk))
        # Not back to the conversation, which would be read at once.
        return redirect("admin:messaging_inboxthread_changelist")

    def name_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        thread = self._own_hands(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = NameForm(request.POST)
        if not form.is_valid():
            return self._render(request, thread, name_form=form)
        inbox.assign_name(thread, form.cleaned_data["name"])
        thread.refresh_from_db()
        name = thread.contact_name
        self.log_change(request, thread, "Named." if name else "Name taken away.")
        messages.success(request, f"Named {name}." if name else "The name has been taken away.")
        return _back(thread)

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The flagged texts mean stop: the person is opted out."""
        user = require(request, *DECIDE)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if inbox.opt_out(thread, _up_to(request), user):
            self.log_change(request, thread, "Opted out.")
            messages.success(request, "Opted out: no blast and no reply goes to this number any more.")
        else:
            messages.info(request, DECIDED_MEANWHILE)
        return _back(thread)

    def keep_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The flagged texts do not mean stop."""
        require(request, *DECIDE)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if inbox.keep_texting(thread, _up_to(request)):
            self.log_change(request, thread, "It does not mean stop.")
            messages.success(request, "Noted: it does not mean stop. The person goes on getting texts.")
        else:
            messages.info(request, DECIDED_MEANWHILE)
        return _back(thread)

    def delete_text_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """Asks first: a deleted text cannot be brought back."""
        require(request, CHANGE, DELETE_TEXTS)
        message = _find_text(text)
        thread = message.thread
        if request.method != "POST":
            context = self.admin_site.each_context(request) | {
                "opts": self.opts,
                "title": "Delete this text?",
                "thread": thread,
                "message": message,
                "name": inbox.shown_names([thread])[thread.pk],
            }
            return TemplateResponse(request, "messaging/inbox_delete.html", context)
        try:
            inbox.delete_text(message)
        except inbox.CannotDelete as reason:
            messages.warning(request, str(reason))
        else:
            self.log_change(request, thread, "Deleted a text.")
            messages.success(request, "The text has been deleted.")
        return _back(thread)

    def again_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """A reply in doubt is sent once more, whatever the person has."""
        user = require(request, CHANGE)
        message = _find_text(text)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            replying.send_again(message, user)
        except replying.CannotReply as reason:
            messages.warning(request, str(reason))
        return _back(message.thread)

    def leave_view(self, request: HttpRequest, text: int) -> HttpResponse:
        """A reply in doubt is left at that."""
        require(request, CHANGE)
        message = _find_text(text)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        replying.leave(message)
        return _back(message.thread)

    def measure_view(self, request: HttpRequest) -> HttpResponse:
        """The size of what is being typed (see `answer_measure`)."""
        require(request, CHANGE)
        return answer_measure(request) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    def _viewable(self, request: HttpRequest, pk: int) -> InboxThread:
        thread = _find(pk)
        if not self.has_view_permission(request, thread):
            raise PermissionDenied
        if thread is None:
            raise Http404
        return thread

    def _own_hands(self, request: HttpRequest, pk: int) -> InboxThread:
        require(request, CHANGE)
        return self._viewable(request, pk)

    def _render(
        self,
        request: HttpRequest,
        thread: InboxThread,
        *,
        form: ReplyForm | None = None,
        problem: str = "",
        name_form: NameForm | None = None,
    ) -> TemplateResponse:
        context = self._context(request, thread) | {
            "form": form or ReplyForm(initial={"token": uuid.uuid4()}),
            "problem": problem,
            "name_form": name_form or NameForm(initial={"name": thread.contact_name}),
            "measure_url": reverse("admin:messaging_inboxthread_measure"),
        }
        return TemplateResponse(request, "messaging/inbox_conversation.html", context)

    def _context(self, request: HttpRequest, thread: InboxThread) -> dict[str, Any]:
        before = timeline.read_mark(request.GET.get("before", ""))
        name, number = inbox.shown_names([thread])[thread.pk], phones.display(thread.phone)
        found = standing.standings([thread.phone])[thread.phone]
        record = found.record
        sources = standing.source_labels({record.source or ""}) if record else {}
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": thread,
            "title": name,
            "number": number if number != name else "",
            "standing": found,
            "reason": found.reason(sources),
            "page": timeline.page(thread, before),
            "is_latest": before is None,
            "why_not": replying.why_not(thread),
            "can_answer": request.user.has_perm(CHANGE),
            "can_decide": request.user.has_perms(DECIDE),
            "can_delete_texts": request.user.has_perms((CHANGE, DELETE_TEXTS)),
            "can_see_blasts": request.user.has_perm("messaging.view_messagelog"),
            "flagged_since": wording.moment(thread.flagged_at) if thread.flagged_at else "",
            "last_flagged": thread.messages.filter(is_flagged=True).order_by("-pk").first()
            if thread.flagged_at
            else None,
        }


def _find(pk: int | str) -> InboxThread | None:
    if isinstance(pk, str) and not (pk.isdecimal() and len(pk) < 19):
        return None
    return InboxThread.objects.filter(pk=pk).first()


def _find_text(pk: int) -> InboxMessage:
    message = InboxMessage.objects.select_related("thread").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message


def _up_to(request: HttpRequest) -> int:
    """The id of the latest text that the page had when the button was pressed."""
    raw = request.POST.get("up_to", "")
    return int(raw) if raw.isdecimal() and len(raw) < 19 else 0


def _back(thread: InboxThread) -> HttpResponse:
    return redirect("admin:messaging_inboxthread_change", thread.pk)
