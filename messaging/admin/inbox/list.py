"""The inbox: the list of conversations, newest first."""

import re
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from contacts import phones
from contacts.admin.changelist import MOST_FOUND, PreparedChangeList
from contacts.models.suppression import wants_no_texts
from messaging.inbox import conversations, replies, search, timeline
from messaging.models import Delivery, InboxMessage, InboxThread, MessageLog
from messaging.models.inbox import InboxThreadQuerySet
from messaging.sending import followed
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key
from smsadmin.lib.pagination import CappedPaginator
from smsadmin.lib.plurals import counted

from .conversation import ConversationPage, read_up_to

POLL_HEADER: Final = "X-Poll"
FLAG: Final = mark_safe(' <span class="tag tag-flag">Possible opt-out</span>')
_TAG: Final = ' <span class="tag">{}</span>'
FAILED: Final = mark_safe(' <span class="tag tag-flag">Not delivered</span>')
IN_DOUBT: Final = mark_safe(' <span class="tag tag-flag">Unconfirmed</span>')
OPTED_OUT: Final = format_html(_TAG, "Opted out")
# The latest text that a row shows, for "Mark as read". Without autocomplete, which would restore old values.
_SHOWN: Final = '<input type="hidden" name="shown" value="{}-{}" autocomplete="off">'
_READ_SHOWN: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
NO_TEXT: Final = mark_safe('<span class="quiet">No texts left here.</span>')


class WaitsFilter(admin.SimpleListFilter):
    """Conversations that need attention, and opted-out people."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("unread", "Unread"),
            ("undecided", "Needs a decision"),
            ("undelivered", "Reply not delivered"),
            ("opted_out", "Opted out"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "unread":
                return queryset.unread()
            case "undecided":
                flagged = InboxThread.objects.undecided().values("pk")
                return queryset.filter(pk__in=flagged.union(replies.in_question().values("thread")))
            case "undelivered":
                return queryset.filter(pk__in=replies.undelivered().values("thread"))
            case "opted_out":
                return queryset.filter(is_opted_out=True)
        return queryset


class BlastFilter(admin.SimpleListFilter):
    """Those who wrote back after a blast: reached from the blast's page, so no blast is offered here."""

    title = "blast"
    parameter_name = "blast"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        pk = read_key(request.GET.get(self.parameter_name, ""))
        sees_blasts = request.user.has_perm("messaging.view_messagelog")
        self.log = MessageLog.objects.filter(pk=pk).first() if sees_blasts else None
        return [(str(self.log.pk), f"Wrote back after “{self.log}”")] if self.log else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(phone__in=followed.replies(self.log).phones) if self.log and self.value() else queryset


class InboxChangeList(PreparedChangeList):
    """Knows whether a search found more than it lists, and shows the texts it found."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.is_narrowed:
            admin: Any = self.model_admin
            admin.prepare_found(self.result_list, self.query)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query.strip())


@admin.register(InboxThread)
class InboxThreadAdmin(ConversationPage):
    """Conversations start with a text, so nobody adds one; only single texts are deleted."""

    change_list_template = "messaging/inbox_list.html"
    list_display = ("conversation", "latest", "when")
    list_display_links = None
    list_filter = (WaitsFilter, BlastFilter)
    show_facets = admin.ShowFacets.NEVER
    actions = ("mark_read", "mark_unread")
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 50
    sortable_by = ()
    ordering = ("-last_message_at", "-id")
    search_fields = ("phone",)
    search_help_text = "Name, phone number, or words from recent texts"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InboxThread | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> InboxThreadQuerySet:
        threads: Any = super().get_queryset(request)
        return threads.with_newest_text().annotate(is_opted_out=wants_no_texts())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[InboxChangeList]:
        return InboxChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search.search(queryset, search_term, MOST_FOUND), False

    def prepare_page(self, rows: list[Any]) -> None:
        """Names, outcomes of our texts, and media of the page's rows, in one query each."""
        names = conversations.names(rows)
        outcomes = replies.outcomes([row.pk for row in rows], [row.newest_text for row in rows if row.newest_text])
        failed = {pk for pk, status in outcomes if status in Delivery.UNSUCCESSFUL}
        doubtful = {pk for pk, status in outcomes if status == Delivery.Status.UNKNOWN}
        media = timeline.media_previews(row.newest_text for row in rows if not row.last_message_preview)
        for row in rows:
            row.called = names[row.pk]
            row.has_failed, row.is_in_doubt = row.pk in failed, row.pk in doubtful
            row.preview = row.last_message_preview or media.get(row.newest_text) or "(no words)"
            row.found = None

    def prepare_found(self, rows: list[Any], query: str) -> None:
        """Shows the text that a search found instead of the latest one."""
        texts = search.find_texts(rows, query)
        for row in rows:
            if found := texts.get(row.pk):
                row.found = found
                parts = search.excerpt(found.body, query, InboxThread.PREVIEW_LENGTH)
                row.preview = format_html_join(
                    "",
                    "{}",
                    ((format_html("<mark>{}</mark>", part) if is_word else part,) for part, is_word in parts),
                )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; only its rows for a page that polls."""
        # Before the rows are read, so that texts arriving in between don't count as shown.
        up_to = conversations.newest_shown()
        context = {"title": "Inbox", "most_found": MOST_FOUND, "up_to": up_to, **(extra_context or {})}
        response = super().changelist_view(request, context)
        if POLL_HEADER in request.headers and isinstance(response, TemplateResponse):
            response.template_name = "messaging/inbox_results.html"
        return response

    @admin.display
    def conversation(self, thread: Any) -> SafeString:
        number = phones.display(thread.phone)
        address = reverse("admin:messaging_inboxthread_change", args=[thread.pk])
        return format_html(
            '<a class="thread{}" href="{}"><bdi>{}</bdi></a>{}{}{}{}{}{}{}{}',
            " is-unread" if thread.unread_count else "",
            f"{address}?at={thread.found.pk}" if thread.found else address,
            thread.called.shown,
            format_html(
                ' <span class="badge">{}<span class="visually-hidden"> unread</span></span>', thread.unread_count
            )
            if thread.unread_count
            else "",
            _number_and_name(number, thread.called),
            format_html(_TAG, thread.tag) if thread.tag else "",
            FLAG if thread.flagged_at else "",
            FAILED if thread.has_failed else "",
            IN_DOUBT if thread.is_in_doubt else "",
            OPTED_OUT if thread.is_opted_out else "",
            format_html(_SHOWN, thread.pk, thread.newest_text or 0),
        )

    @admin.display(description="latest text")
    def latest(self, thread: Any) -> SafeString:
        if thread.last_direction is None:
            return NO_TEXT
        direction = thread.found.direction if thread.found else thread.last_direction
        is_ours = direction == InboxMessage.Direction.OUTBOUND
        is_earlier = thread.found and thread.found.pk != thread.newest_text
        return format_html(
            '<span class="preview"><span><span class="{}">{}</span> <bdi>{}</bdi></span></span>{}',
            "direction" if is_ours else "visually-hidden",
            "Sent:" if is_ours else "Received:",
            thread.preview,
            format_html('<span class="note">{}</span>', dates.moment(thread.found.created_at)) if is_earlier else "",
        )

    @admin.display
    def when(self, thread: InboxThread) -> SafeString | str:
        return dates.when_tag(thread.last_message_at)

    @admin.action(description="Mark as read", permissions=["change"])
    def mark_read(self, request: HttpRequest, queryset: InboxThreadQuerySet) -> None:
        """Up to the texts that the list showed; on its other pages, up to the texts that existed then."""
        marked = conversations.mark_all_read(queryset, _read_shown(request), read_up_to(request))
        self._say(request, marked.read, "read", marked.newer)

    @admin.action(description="Mark as unread", permissions=["change"])
    def mark_unread(self, request: HttpRequest, queryset: InboxThreadQuerySet) -> None:
        self._say(request, conversations.mark_unread(queryset), "unread")

    def _say(self, request: HttpRequest, count: int, state: str, newer: int = 0) -> None:
        if not count and not newer:
            self.message_user(request, f"All of them were already {state}.", messages.INFO)
        if count:
            marked = counted(count, "conversation", "conversations")
            self.message_user(request, f"{marked} marked as {state}.", messages.SUCCESS)
        if newer:
            said = ngettext(
                "%(count)s conversation stays unread because a new text just came in.",
                "%(count)s conversations stay unread because new texts just came in.",
                newer,
            )
            self.message_user(request, said % {"count": f"{newer:,}"}, messages.WARNING)


def _number_and_name(number: str, called: conversations.Called) -> SafeString:
    """The number below the name, and the name on our lists if that differs."""
    if called.shown == number:
        return mark_safe("")
    listed = format_html(" · <bdi>{}</bdi>", called.listed) if called.listed else ""
    return format_html('<span class="note"><span class="phone-number">{}</span>{}</span>', number, listed)


def _read_shown(request: HttpRequest) -> dict[int, int]:
    """Thread ids to the ids of the latest texts that their rows showed."""
    pairs = map(_READ_SHOWN.fullmatch, request.POST.getlist("shown"))
    return {int(pair[1]): int(pair[2]) for pair in pairs if pair}
