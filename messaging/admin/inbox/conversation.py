"""The page of one conversation: its texts, the reply box, and its actions."""

import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from contacts import phones, textability
from messaging.inbox import conversations, replies
from messaging.inbox.forms import NameForm, ReplyForm
from messaging.inbox.timeline import Page, Timeline
from messaging.inbox.timeline_entries import Mark, read_mark
from messaging.models import InboxThread
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key, read_keys

from ..permissions import require
from ..text_measure import size_of
from . import links
from .texts import CHANGE, DELETE_TEXTS, TextPages, back

STOP: Final = (CHANGE, "contacts.add_unsubscribedcontact")
# To go on texting is to allow it, which is for who may withdraw an opt-out.
KEEP: Final = (CHANGE, "contacts.delete_unsubscribedcontact")
# By `Standing.state`.
_AFTER_KEEPING: Final = {
    "textable": "They’ll keep getting texts.",
    "suppressed": "Blasts still skip this number because texts don’t reach it.",
    "opted_out": "They’ve opted out anyway, so they get no texts.",
}
DECIDED_MEANWHILE: Final = "Someone else already decided this, so nothing was changed."


class ConversationPage(TextPages):
    """Admin views of one conversation. None of them writes on GET."""

    object_history_template = "messaging/inbox_history.html"

    def get_urls(self) -> list[URLPattern]:
        threads: dict[str, Callable[..., HttpResponse]] = {
            "news": self.news_view,
            "reply": self.reply_view,
            "read": self.read_view,
            "unread": self.unread_view,
            "name": self.name_view,
            "stop": self.stop_view,
            "keep": self.keep_view,
        }
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"messaging_inboxthread_{name}")
            for name, view in threads.items()
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Replaces the admin's form. POST changes nothing."""
        thread = _find(object_id)
        if not self.has_view_permission(request, thread):
            raise PermissionDenied
        if thread is None:
            messages.warning(request, "This conversation no longer exists.")
            return redirect("admin:messaging_inboxthread_changelist")
        return self._render(request, thread)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The change log: names, deleted texts, and opt-out decisions."""
        thread = _find(object_id)
        name = conversations.shown_names([thread])[thread.pk] if thread else ""
        return super().history_view(
            request, object_id, (extra_context or {}) | {"title": f"Change log: {name}", "name": name}
        )

    def news_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The changing parts of the page, as HTML in JSON. `why_not` blocks the reply box with a sentence.

        `entry` is a link for that sentence, or null. `unread` counts this conversation's texts, `unread_texts` the
        whole inbox's. `earlier` is the mark where the previous page ends, or "".
        """
        thread = self._viewable(request, pk)
        context = self._context(request, thread, _timeline(request, thread).page(), _read_new(request, thread))
        return JsonResponse(
            {
                "head": render_to_string("messaging/inbox_head.html", context, request=request),
                "timeline": render_to_string("messaging/inbox_timeline.html", context, request=request),
                "earlier": str(context["page"].earlier or ""),
                "why_not": context["why_not"],
                "entry": asdict(context["entry"]) if context["entry"] else None,
                "unread": thread.unread_count,
                "unread_texts": conversations.count_unread(),
            }
        )

    def reply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sends a reply. Scripts get JSON: `problem` is a sentence or "", `token` is for the next reply."""
        user = require(request, CHANGE)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ReplyForm(request.POST)
        problem = form.problem
        if not problem:
            try:
                replies.reply(thread, form.cleaned_data["body"], user, form.cleaned_data["token"])
            except replies.CannotReply as reason:
                problem = str(reason)
        if request.accepts("text/html"):
            if problem:
                return self._render(request, thread, form=form, problem=problem)
            return back(thread)
        return JsonResponse({"problem": problem, "token": str(uuid.uuid4())})

    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Marks the texts after `after` up to `up_to`, which were shown, as read."""
        thread = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        conversations.mark_read(thread, read_up_to(request), read_key(request.POST.get("after", "")))
        return back(thread) if request.accepts("text/html") else HttpResponse(status=204)

    def unread_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        thread = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        conversations.mark_unread(InboxThread.objects.filter(pk=thread.pk))
        # Not back to the conversation, which would be marked as read again.
        return redirect("admin:messaging_inboxthread_changelist")

    def name_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        thread = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = NameForm(request.POST)
        if not form.is_valid():
            return self._render(request, thread, name_form=form)
        conversations.assign_name(thread, form.cleaned_data["name"])
        thread.refresh_from_db()
        name = thread.contact_name
        self.log_change(request, thread, "Named." if name else "Name removed.")
        messages.success(request, f"Named {name}." if name else "Name removed.")
        return back(thread)

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Opts out the person: the flagged texts shown are opt-outs."""
        user = require(request, *STOP)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if conversations.opt_out(thread, _read_asked(request), user):
            self.log_change(request, thread, "Opted out.")
            messages.success(request, "Opted out. This number won’t get any more blasts or replies.")
        else:
            messages.info(request, DECIDED_MEANWHILE)
        return back(thread)

    def keep_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keeps texting the person: the flagged texts shown aren't opt-outs."""
        require(request, *KEEP)
        thread = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if conversations.keep_texting(thread, _read_asked(request)):
            self.log_change(request, thread, "Not an opt-out.")
            state = textability.standings([thread.phone])[thread.phone].state
            messages.success(request, f"Not an opt-out. {_AFTER_KEEPING[state]}")
        else:
            messages.info(request, DECIDED_MEANWHILE)
        return back(thread)

    def _viewable(self, request: HttpRequest, pk: int) -> InboxThread:
        thread = _find(pk)
        if not self.has_view_permission(request, thread):
            raise PermissionDenied
        if thread is None:
            raise Http404
        return thread

    def _get_for_change(self, request: HttpRequest, pk: int) -> InboxThread:
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
        new = _read_new(request, thread)
        form = form or ReplyForm(initial={"token": uuid.uuid4()})
        context = self._context(request, thread, _choose_page(request, thread, new), new) | {
            "form": form,
            "size": size_of(form["body"].value() or ""),
            "problem": problem,
            "name_form": name_form or NameForm(initial={"name": thread.contact_name}),
            "measure_url": reverse("admin:messaging_inboxthread_measure"),
            "places": links.places(request, thread),
            "adding": links.adding(request, thread),
            "records": links.records(request, thread),
            "stopping": links.stopping(request, thread),
        }
        if context["why_not"]:
            # The typed text stays visible so that it can be copied.
            context["form"].fields["body"].widget.attrs["readonly"] = True
        return TemplateResponse(request, "messaging/inbox_conversation.html", context)

    def _context(self, request: HttpRequest, thread: InboxThread, page: Page, new: int) -> dict[str, Any]:
        name, number = conversations.shown_names([thread])[thread.pk], phones.display(thread.phone)
        found = textability.standings([thread.phone])[thread.phone]
        record = found.record
        is_from_above = _read_since(request) is not None
        sources = textability.source_labels({record.source or ""}) if record else {}
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": thread,
            "title": name,
            "number": number if number != name else "",
            "standing": found,
            "reason": found.reason(sources),
            "page": page,
            "found": _read_found(request),
            "new": new,
            "is_latest": page.later is None and not is_from_above,
            "is_from_above": is_from_above,
            "why_not": replies.why_not(thread),
            "entry": links.entry(request, found),
            "can_answer": request.user.has_perm(CHANGE),
            "can_stop": request.user.has_perms(STOP),
            "can_keep": request.user.has_perms(KEEP),
            "can_delete_texts": request.user.has_perms((CHANGE, DELETE_TEXTS)),
            "can_see_blasts": request.user.has_perm("messaging.view_messagelog"),
            "undelivered": replies.undelivered([thread.pk]).values_list("pk", flat=True).first(),
            "flagged_since": dates.moment(thread.flagged_at) if thread.flagged_at else "",
            "flagged": conversations.flagged(thread) if thread.flagged_at else [],
        }


def _find(pk: int | str) -> InboxThread | None:
    return InboxThread.objects.filter(pk=read_key(str(pk))).first()


def _timeline(request: HttpRequest, thread: InboxThread) -> Timeline:
    return Timeline(thread, has_reasons=request.user.has_perm("contacts.view_consentrecord"))


def _choose_page(request: HttpRequest, thread: InboxThread, new: int) -> Page:
    """The page for the URL: around a text, before or after a mark, or the latest with all unread texts."""
    timeline = _timeline(request, thread)
    if text := thread.messages.filter(pk=_read_found(request)).first():
        return timeline.page_around(text)
    if since := _read_since(request):
        return timeline.page_from(since)
    before = read_mark(request.GET.get("before", ""))
    if before is None and (text := thread.messages.filter(pk=new).first()):
        return timeline.page_with(text)
    return timeline.page(before)


def _read_since(request: HttpRequest) -> Mark | None:
    return read_mark(request.GET.get("since", ""))


def _read_found(request: HttpRequest) -> int:
    """The id of the text named in the URL, such as a search result; 0 if none."""
    return read_key(request.GET.get("at", ""))


def _read_new(request: HttpRequest, thread: InboxThread) -> int:
    """The id of the text below the "New" line; 0 if none. An open page sends its own, so that the line stays."""
    return read_key(request.GET["new"]) if "new" in request.GET else conversations.first_unread(thread)


def read_up_to(request: HttpRequest) -> int:
    """The id of the latest text on the page when the button was pressed."""
    return read_key(request.POST.get("up_to", ""))


def _read_asked(request: HttpRequest) -> list[int]:
    """The ids of the texts that the page asked about."""
    return read_keys(request.POST.getlist("text")[: conversations.ASKED_AT_ONCE])
