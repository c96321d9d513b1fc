"""The compose page, its preview, and the review page."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.models import AppUser
from contacts import phones
from contacts.imports import lifecycle
from contacts.models import ContactImport
from messaging.composing import merge_fields, readiness, recipient_search
from messaging.composing import preview as composing
from messaging.composing.audience import Audience
from messaging.composing.drafts import NotYours, select_members
from messaging.composing.drafts import find as find_draft
from messaging.composing.forms import ComposeForm, new_draft
from messaging.composing.own_phone import own_test_phone
from messaging.composing.warnings import pre_send_cautions, text_cautions
from messaging.models import Draft, MessageLog, ScheduledMessage
from messaging.scheduling import drafts, scheduled_messages
from messaging.sending.dispatch import EmptyAudience, MissingValues
from messaging.sending.progress import progress
from messaging.sending.trying import NoTest, send_test
from messaging.text.encoding import to_gsm
from messaging.text.personalization import UnknownToken
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

from ..people import can_be_texted
from ..permissions import require_sender
from . import recipients
from .outlook import Outlook


class ComposeViews(admin.ModelAdmin):
    """Admin views for writing a blast. None of them writes on GET."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("compose/", view(self.compose_view), name="messaging_messagelog_compose"),
            path("compose/preview/", view(self.preview_view), name="messaging_messagelog_preview"),
            path(
                "compose/import/<int:import_id>/",
                view(self.compose_import_view),
                name="messaging_messagelog_compose_import",
            ),
            path("compose/keep/", view(self.keep_view), name="messaging_messagelog_keep"),
            path("compose/test/", view(self.test_view), name="messaging_messagelog_test"),
            path("compose/recipients/", view(recipients.suggest), name="messaging_messagelog_recipients"),
            path("compose/audience/", view(self.audience_view), name="messaging_messagelog_audience"),
            path("compose/<uuid:token>/confirm/", view(self.confirm_view), name="messaging_messagelog_confirm"),
        ]
        return own + super().get_urls()

    def compose_view(self, request: HttpRequest) -> HttpResponse:
        """Write a blast. POST saves it as a draft and opens the review page. Without JavaScript, the other buttons
        show the preview."""
        user = require_sender(request)
        if request.method != "POST":
            draft = self._draft_of_address(request, user)
            if isinstance(draft, HttpResponse):
                return draft
            return self._render_form(request, ComposeForm(draft=draft, user=user))
        form = self._posted_form(request, user)
        if form.draft.sent_at is not None:
            return self._sent_already(request, form.draft)
        if "test" in request.POST:
            form.is_valid()
            return self._render_form(request, form, test=try_out(request, form.draft, user))
        if "save_audience" in request.POST:
            form.is_valid()
            return self._render_form(request, form, saved=recipients.save_audience(request, form, user))
        if form.is_valid() and not asks_for_preview(request):
            draft = form.save()
            return redirect("admin:messaging_messagelog_confirm", token=draft.token)
        return self._render_form(request, form)

    def compose_import_view(self, request: HttpRequest, import_id: int) -> HttpResponse:
        """Begins a message to the people of a finished import: to those members, or to its event or group."""
        user = require_sender(request)
        contact_import = get_object_or_404(ContactImport, pk=import_id)
        if not lifecycle.may_import(user, contact_import.target):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        compose = reverse("admin:messaging_messagelog_compose")
        if not can_be_texted(contact_import):
            messages.warning(request, "Nobody in this import can be texted as a group any more. Choose an audience.")
            return redirect(compose)
        if contact_import.event_id:
            return redirect(f"{compose}?event={contact_import.event_id}")
        if contact_import.group_id:
            return redirect(f"{compose}?group={contact_import.group_id}")
        return redirect(f"{compose}?draft={select_members(contact_import.members.all(), user).token}")

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The preview of the form (see `answer_preview`)."""
        user = require_sender(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return answer_preview(request, self._posted_form(request, user))

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """Saves the form as a draft, while it is being written and when the page is left."""
        user = require_sender(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self._posted_form(request, user)
        return JsonResponse({"is_kept": form.draft.sent_at is None and form.keep()})

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Sends the form's words to the user's own phone; as JSON whether it did, and a sentence."""
        user = require_sender(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self._posted_form(request, user)
        form.is_valid()
        return JsonResponse(try_out(request, form.draft, user))

    def audience_view(self, request: HttpRequest) -> HttpResponse:
        """Saves those whom the form is for as an audience; as JSON whether it did, and a sentence."""
        user = require_sender(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self._posted_form(request, user)
        form.is_valid()
        return JsonResponse(recipients.save_audience(request, form, user))

    def confirm_view(self, request: HttpRequest, token: uuid.UUID) -> HttpResponse:
        """The review page, and sending."""
        user = require_sender(request)
        draft = self._own_draft(token, user)
        if draft is None:
            return self._draft_is_gone(request)
        if draft.sent_at is not None:
            return self._sent_already(request, draft)
        if not readiness.is_complete(draft):
            return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={draft.token}")
        if request.method == "POST" and decides(request):
            return self._change_draft(request, draft)
        if request.method == "POST" and readiness.can_send(draft):
            return self._send(request, draft, user)
        return self._render_confirmation(request, draft)

    def _send(self, request: HttpRequest, draft: Draft, user: AppUser) -> HttpResponse:
        try:
            log, is_new = drafts.send(draft, user, request.POST.get("version", ""))
        except (EmptyAudience, MissingValues, UnknownToken):
            return self._render_confirmation(request, draft)
        except scheduled_messages.Changed:
            messages.warning(request, "Someone changed the message in another window. Here is the current version.")
            return redirect("admin:messaging_messagelog_confirm", token=draft.token)
        if log is None or not is_new:
            draft.refresh_from_db()
            return self._sent_already(request, draft)
        self.log_addition(request, log, "Sent.")
        count = people(progress(log).to_send)
        messages.success(request, f"{'Resending' if log.retry_of_id else 'Sending'} to {count}.")
        return redirect("admin:messaging_messagelog_change", log.pk)

    def _change_draft(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        decide = drafts.make_plain if "plain" in request.POST else drafts.leave_out_incomplete
        try:
            decide(draft, request.POST.get("version", ""))
        except scheduled_messages.Changed:
            messages.warning(request, "Someone changed the message in another window. Here is the current version.")
        return redirect("admin:messaging_messagelog_confirm", token=draft.token)

    def _draft_of_address(self, request: HttpRequest, user: AppUser) -> Draft | HttpResponse:
        """The draft for the URL: an existing one, or a new one, perhaps to someone whom the URL names."""
        if wanted := request.GET.get("draft"):
            token = _read_token(wanted)
            draft = self._own_draft(token, user) if token else None
            if draft is None:
                return self._draft_is_gone(request)
            return self._sent_already(request, draft) if draft.sent_at else draft
        to = recipients.chips_of_address(request)
        return new_draft(user, to) if to else new_draft(user)

    def _posted_form(self, request: HttpRequest, user: AppUser) -> ComposeForm:
        token = _read_token(request.POST.get("token", "")) or uuid.uuid4()
        draft = self._own_draft(token, user) or new_draft(user, token=token)
        return ComposeForm(posted_text(request), draft=draft, user=user)

    def _own_draft(self, token: uuid.UUID, user: AppUser) -> Draft | None:
        try:
            return find_draft(token, user)
        except NotYours:
            raise PermissionDenied("This draft belongs to someone else.") from None

    def _draft_is_gone(self, request: HttpRequest) -> HttpResponse:
        messages.warning(request, "This draft no longer exists. You can write a new one here.")
        return redirect("admin:messaging_messagelog_compose")

    def _sent_already(self, request: HttpRequest, draft: Draft) -> HttpResponseRedirect:
        """Redirect to the blast or scheduled blast that the draft has become, so that nothing is sent twice."""
        if scheduled := ScheduledMessage.objects.filter(draft=draft).first():
            messages.info(
                request,
                f"This message is already scheduled for {dates.moment(scheduled.scheduled_at)}. "
                "Nothing was scheduled or sent again.",
            )
            return redirect("admin:messaging_scheduledmessage_change", scheduled.pk)
        sent_at = dates.moment(draft.sent_at or draft.updated_at)
        said = f"This message was already sent on {sent_at}. Nothing was sent again."
        if draft.message_log_id is None:
            messages.info(request, f"{said} Its blast has since been deleted.")
            return redirect("admin:messaging_messagelog_changelist")
        messages.info(request, said)
        return redirect("admin:messaging_messagelog_change", draft.message_log_id)

    def _render_form(self, request: HttpRequest, form: ComposeForm, **extra: Any) -> HttpResponse:
        user = require_sender(request)
        context = self._context(request, "New blast") | {
            "form": form,
            "tokens": merge_fields.buttons(),
            "offered": recipient_search.offered(user) if "to" in form.fields else (),
            "is_new": not (form.is_bound or form.draft.pk or request.GET),
            "audience_name_typed": request.POST.get("audience_name", ""),
            "test_phone": request.POST.get("test_phone") or own_test_phone(user),
            "audience_name": "" if "to" in form.fields else Audience.of_draft(form.draft).name,
            "can_delete": form.draft.pk is not None,
            **extra,
        }
        focus_first(form)
        if form.is_bound:
            context |= preview_context(request, form)
        return TemplateResponse(request, "messaging/compose.html", context)

    def _render_confirmation(self, request: HttpRequest, draft: Draft, **extra: Any) -> HttpResponse:
        preview = composing.preview_draft(draft, is_fresh=True)
        context = self._context(request, "Review and send") | {
            "draft": draft,
            "version": draft.version,
            "preview": preview,
            "cautions": pre_send_cautions(preview),
            "samples": preview.samples,
            "has_bad_text": any(problem.field == "message_body" for problem in preview.problems),
            "recipients": people(preview.headcount.recipients),
            "outlook": None if preview.problems else Outlook.find(preview.audience, zone=extra.get("zone", "")),
            **extra,
        }
        return TemplateResponse(request, "messaging/confirm.html", context)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {"opts": MessageLog._meta, "title": title}


def _read_token(raw: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(raw)
    except ValueError:
        return None


def posted_text(request: HttpRequest) -> QueryDict:
    """The posted form, with characters replaced if "Replace them" was pressed."""
    data = request.POST.copy()
    if "replace" in data:
        data["message_body"] = to_gsm(data.get("message_body", ""))
    return data


def focus_first(form: ComposeForm) -> None:
    """Open the page in the first field to correct, or else in the message."""
    wrong = next((name for name in form.fields if form.is_bound and name in form.errors), "message_body")
    form.fields[wrong].widget.attrs["autofocus"] = True


def try_out(request: HttpRequest, draft: Draft, user: AppUser) -> dict[str, Any]:
    """Send a test of the draft's words. `is_done` says whether it did, `sentence` what to tell; `field` is the one to
    correct."""
    number = request.POST.get("test_phone", "")
    try:
        log = send_test(draft, number, user)
    except NoTest as refusal:
        return {"is_done": False, "sentence": str(refusal), "field": refusal.field}
    phone = log.deliveries.values_list("phone", flat=True).get()
    return {"is_done": True, "sentence": f"A test is on its way to {phones.display(phone)}."}


def decides(request: HttpRequest) -> bool:
    """Whether a button of the review page was pressed that changes the draft and sends nothing."""
    return "plain" in request.POST or "leave_out" in request.POST


def asks_for_preview(request: HttpRequest) -> bool:
    """Whether a preview button was pressed, without JavaScript. Nothing is saved then."""
    return any(name in request.POST for name in ("preview", "replace", "sample"))


def answer_preview(request: HttpRequest, form: ComposeForm) -> JsonResponse:
    """The preview of the form as JSON: `preview` is HTML, `brief` and `summary` are words, and `message_body` is the
    text after "Replace them"."""
    form.is_valid()
    html = render_to_string("messaging/preview.html", preview_context(request, form), request=request)
    replaced = form.data["message_body"] if "replace" in request.POST else None
    summary, brief = (form.preview.summary, form.preview.brief) if form.preview else ("", "")
    return JsonResponse({"preview": html, "summary": summary, "brief": brief, "message_body": replaced})


def preview_context(request: HttpRequest, form: ComposeForm) -> dict[str, Any]:
    """The context of preview.html for a validated form: its numbers, and the selected person's text."""
    preview = form.preview
    samples = preview.samples if preview else ()
    raw = request.POST.get("sample", "")
    number = min(int(raw) if raw.isdecimal() and len(raw) < 4 else 0, max(len(samples) - 1, 0))
    return {
        "form": form,
        "preview": preview,
        "cautions": text_cautions(preview) if preview else (),
        "sample": samples[number] if samples else None,
        "sample_number": number,
        "previous_sample": number - 1 if number else None,
        "next_sample": number + 1 if number + 1 < len(samples) else None,
    }
