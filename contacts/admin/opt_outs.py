"""Opted-out people and unreachable numbers: those that blasts skip."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from contacts import textability
from contacts.consent import opting_out
from contacts.models import SuppressedContact, UnsubscribedContact
from contacts.names import known_names
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

from .confirmation import Question, ask, is_confirmed, name_people
from .filters import SourceFilter
from .import_links import ImportMixin
from .people import ListTool, PersonAdmin
from .recording import RECORD, RecordPage, record_address
from .textable import CONSENT, STOP_STAYS

MANUAL: Final = "manual"


class BlockedContactAdmin(PersonAdmin):
    """Deleting an entry here allows texts again, so that is what the action is called."""

    actions = ("lift_selected", "export_selected")
    lift_sentences: tuple[str, ...] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An entry's phone is read-only: changing it would silently allow texts to the old number."""
        return (*self.readonly_fields, "phone") if obj else self.readonly_fields

    @admin.action(description="Allow texts to selected people again…", permissions=["delete"])
    def lift_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            who, _ = name_people(queryset, count)
            question = Question(
                action="lift_selected",
                title=f"Allow texts to {who} again?",
                sentences=self.lift_sentences,
                button=f"Allow texts to {who} again",
                is_dangerous=True,
            )
            return ask(self, request, queryset, count, question)
        self.log_deletions(request, queryset)
        outcome = opting_out.lift(queryset, request.user.get_username())
        said = f"{people(outcome.changed)} can be texted again."
        level = messages.SUCCESS
        if outcome.unchanged:
            other = SuppressedContact if self.model is UnsubscribedContact else UnsubscribedContact
            level = messages.WARNING
            said += (
                f" {people(outcome.unchanged)} still can’t be texted because of an entry "
                f"under “{capfirst(str(other._meta.verbose_name_plural))}”."
            )
        self.message_user(request, said, level)
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        opting_out.save_entry(obj, request.user.get_username())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        opting_out.lift(self.model._default_manager.filter(pk=obj.pk), request.user.get_username())


@admin.register(UnsubscribedContact)
class UnsubscribedContactAdmin(RecordPage, ImportMixin, BlockedContactAdmin):
    import_target = "unsubscribed"
    list_display = ("shown_name", "shown_phone", "how", "reason", "unsubscribed")
    list_filter = (SourceFilter,)
    fields = ("phone", "name", "reason", "how", "unsubscribed")
    readonly_fields = ("how", "unsubscribed")
    empty_list = "Nobody has opted out."
    list_purpose = (
        "People who don’t want texts are listed here, and no blast reaches them. Record it when someone asks."
    )
    delete_warning = f"The next blast to any of their lists will reach them again. {CONSENT} {STOP_STAYS}"
    lift_sentences = (
        "The next blast to any of their lists will reach them again.",
        CONSENT,
        STOP_STAYS,
    )

    def prepare_page(self, rows: list[UnsubscribedContact]) -> None:
        labels = textability.source_labels({row.source for row in rows})
        for row in rows:
            row.source_label = labels.get(row.source, row.source)  # type: ignore[attr-defined]

    @admin.display(description="how")
    def how(self, contact: Any) -> str:
        if not hasattr(contact, "source_label"):
            self.prepare_page([contact])
        return contact.source_label

    unsubscribed = dates.column("created_at", "opted out", ordering="pk")

    def get_list_tools(self, request: HttpRequest) -> list[ListTool]:
        """In place of Django's link to its own form."""
        tools = super().get_list_tools(request)
        address = record_address(came_from=request.path)
        return [("Someone asked to stop", address), *tools] if request.user.has_perm(RECORD) else tools

    def get_first_steps(self, request: HttpRequest) -> list[ListTool]:
        address = record_address(came_from=request.path)
        step = [("Someone asked to stop", address)] if request.user.has_perm(RECORD) else []
        return [*step, *self._import_links(request, "Import a list")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"has_add_permission": False, **(extra_context or {})})


@admin.register(SuppressedContact)
class SuppressedContactAdmin(BlockedContactAdmin):
    list_display = ("shown_phone", "shown_name", "category", "reason", "suppressed")
    list_filter = ("category",)
    fields = ("phone", "category", "reason", "found_by", "suppressed", "changed")
    readonly_fields = ("found_by", "suppressed", "changed")
    empty_list = "No unreachable numbers: texts got through to every number we tried."
    list_purpose = "Numbers that fail for good, such as landlines, appear here on their own, and blasts skip them."
    delete_warning = "The next blast to any of its lists will try this number again."
    lift_sentences = (
        "The next blast to any of their lists will try these numbers again.",
        "Every failed text costs money, and too many failures hurt your reputation with carriers. "
        "Only allow numbers that you know work again.",
    )

    def prepare_page(self, rows: list[SuppressedContact]) -> None:
        names = known_names(row.phone for row in rows)
        for row in rows:
            row.known_name = names.get(row.phone)  # type: ignore[attr-defined]

    @admin.display(description="name")
    def shown_name(self, contact: Any) -> str:
        return contact.known_name or "(unknown)"

    suppressed = dates.column("created_at", "since", ordering="pk")
    changed = dates.column("updated_at", "last changed")

    @admin.display(description="found by")
    def found_by(self, contact: SuppressedContact) -> str:
        """The blast that caused the error, or that staff added the entry."""
        if log := contact.source_message_log:
            address = reverse("admin:messaging_messagelog_change", args=[log.pk])
            error = f" (error {contact.source})" if contact.source else ""
            return format_html('Blast <a href="{}">{}</a>{}', address, log, error)
        if contact.source_type == MANUAL:
            return "Added by staff"
        return contact.source or "Unknown"

    def save_model(self, request: HttpRequest, obj: SuppressedContact, form: ModelForm, change: bool) -> None:
        if not change:
            obj.source_type = MANUAL
        super().save_model(request, obj, form, change)
