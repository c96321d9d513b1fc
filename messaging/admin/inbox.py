"""The inbox: the list of conversations, the newest first."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from contacts import phones
from contacts.admin.changelist import MOST_FOUND, PreparedChangeList
from contacts.models import UnsubscribedContact
from contacts.paginator import CappedPaginator
from contacts.querysets import unsubscribed

from .. import inbox, wording
from ..models import InboxMessage, InboxThread
from .conversation import ConversationPage

POLL_HEADER: Final = "X-Poll"
FLAG: Final = mark_safe('<span class="tag tag-flag">May mean stop</span>')
OPTED_OUT: Final = mark_safe('<span class="tag">Opted out</span>')
NO_TEXT: Final = mark_safe('<span class="quiet">No text is left here.</span>')


class WaitsFilter(admin.SimpleListFilter):
    """What a person has still to do, and to whom nobody may write."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("unread", "Unread"), ("undecided", "Needs a decision"), ("opted_out", "Opted out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboxThread]) -> QuerySet[InboxThread]:
        match self.value():
            case "unread":
                return queryset.filter(unread_count__gt=0)
            case "undecided":
                return queryset.filter(flagged_at__isnull=False)
            case "opted_out":
                return queryset.filter(unsubscribed())
        return queryset


class InboxChangeList(PreparedChangeList):
    """Says of a search whether it found more than it lists; a filter lists all."""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query.strip())


@admin.register(InboxThread)
class InboxThreadAdmin(ConversationPage):
    """Conversations begin with a text: nobody adds one, and what is deleted are single texts."""

    change_list_template = "messaging/inbox_list.html"
    list_display = ("conversation", "latest", "when")
    list_display_links = None
    list_filter = (WaitsFilter,)
    show_facets = admin.ShowFacets.NEVER
    actions = ("mark_read", "mark_unread")
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 50
    sortable_by = ()
    ordering = ("-last_message_at", "-id")
    search_fields = ("phone",)
    search_help_text = "A name, a number however it is written, or words of the latest texts."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InboxThread | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[InboxChangeList]:
        return InboxChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return inbox.search(queryset, search_term, MOST_FOUND), False

    def prepare_page(self, rows: list[Any]) -> None:
        """Names and opt-outs of the page's people, in one look each."""
        names = inbox.shown_names(rows)
        gone = UnsubscribedContact.objects.filter(phone__in=[row.phone for row in rows])
        opted_out = set(gone.values_list("phone", flat=True))
        for row in rows:
            row.shown_name, row.is_opted_out = names[row.pk], row.phone in opted_out

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; for a page that looks by itself what is new, only its rows."""
        context = {"title": "Inbox", "most_found": MOST_FOUND, **(extra_context or {})}
        response = super().changelist_view(request, context)
        if POLL_HEADER in request.headers and isinstance(response, TemplateResponse):
            response.template_name = "messaging/inbox_results.html"
        return response

    @admin.display
    def conversation(self, thread: Any) -> SafeString:
        number = phones.display(thread.phone)
        return format_html(
            '<a class="thread{}" href="{}"><bdi>{}</bdi></a>{}{}{}{}',
            " is-unread" if thread.unread_count else "",
            reverse("admin:messaging_inboxthread_change", args=[thread.pk]),
            thread.shown_name,
            format_html(
                ' <span class="badge">{}<span class="visually-hidden"> unread</span></span>', thread.unread_count
            )
            if thread.unread_count
            else "",
            format_html('<span class="note phone-number">{}</span>', number) if thread.shown_name != number else "",
            FLAG if thread.flagged_at else "",
            OPTED_OUT if thread.is_opted_out else "",
        )

    @admin.display(description="latest text")
    def latest(self, thread: InboxThread) -> SafeString:
        if thread.last_direction is None:
            return NO_TEXT
        is_ours = thread.last_direction == InboxMessage.Direction.OUTBOUND
        return format_html(
            '<span class="preview"><span><span class="{}">{}</span> <bdi>{}</bdi></span></span>',
            "direction" if is_ours else "visually-hidden",
            "Sent:" if is_ours else "Received:",
            thread.last_message_preview or "(no words)",
        )

    @admin.display
    def when(self, thread: InboxThread) -> SafeString:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            thread.last_message_at.isoformat(timespec="seconds"),
            wording.moment(thread.last_message_at),
            _short_moment(thread),
        )

    @admin.action(description="Mark as read", permissions=["change"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet[InboxThread]) -> None:
        self._say(request, inbox.mark_all_read(queryset), "read")

    @admin.action(description="Mark as unread", permissions=["change"])
    def mark_unread(self, request: HttpRequest, queryset: QuerySet[InboxThread]) -> None:
        self._say(request, inbox.mark_unread(queryset), "unread")

    def _say(self, request: HttpRequest, count: int, state: str) -> None:
        if not count:
            self.message_user(request, f"All of them were marked as {state} before.", messages.INFO)
            return
        said = ngettext("%(count)s conversation is", "%(count)s conversations are", count) % {"count": f"{count:,}"}
        self.message_user(request, f"{said} marked as {state} now.", messages.SUCCESS)


def _short_moment(thread: InboxThread) -> str:
    """The time of today, the day of this year, or the date, in the site's zone."""
    local, today = timezone.localtime(thread.last_message_at), timezone.localdate()
    if local.date() == today:
        return f"{date_format(local, 'TIME_FORMAT')} {local.tzname()}"
    return date_format(local, "M j" if local.year == today.year else "M j, Y")
