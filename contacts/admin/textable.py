"""Members and registrations: people who can be texted or not, and what staff can do about it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts import textability
from contacts.consent import opting_out
from smsadmin.lib.plurals import people

from .confirmation import Question, ask, is_confirmed
from .people import PersonAdmin

CONSENT = (
    "Restore only who has asked for it: texting people against their will is against the law and "
    "against the rules of the carriers."
)
STOP_STAYS = "Where somebody texted STOP, Twilio goes on blocking your texts to them until they text START."


class TextablePersonAdmin(PersonAdmin):
    """Shows of each person whether blasts reach them, and why not."""

    actions = ("unsubscribe_selected", "restore_selected", "export_selected", "delete_selected")

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.add_unsubscribedcontact")

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["contacts.delete_unsubscribedcontact", "contacts.delete_suppressedcontact"])

    def prepare_page(self, rows: list[Any]) -> None:
        found = textability.standings(row.phone for row in rows)
        sources = textability.source_labels({s.opt_out.source for s in found.values() if s.opt_out})
        for row in rows:
            row.standing = found[row.phone]
            reason = row.standing.reason(sources)
            row.reason = f"{reason}." if reason else ""

    @admin.display(description="state")
    def shown_state(self, person: Any) -> SafeString:
        return format_html(
            '<span class="standing standing-{}">{}</span> <span class="reason">{}</span>',
            person.standing.state,
            person.standing.label,
            person.reason,
        )

    def get_page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """The person's own page says whether they can be texted, why not, and leads to what changes it."""
        self.prepare_page([obj])
        record = obj.standing.record
        context = super().get_page_context(request, obj) | {
            "person": obj,
            "changelist_address": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "may_unsubscribe": not record and self.has_unsubscribe_permission(request),
            "may_restore": record and self.has_restore_permission(request),
        }
        if record and request.user.has_perm(f"contacts.view_{record._meta.model_name}"):
            page = f"admin:contacts_{record._meta.model_name}_change"
            context["record_address"] = reverse(page, args=[record.pk])
        return context

    # Actions -----------------------------------------------------------------------------------------------

    @admin.action(description="Unsubscribe selected %(verbose_name_plural)s", permissions=["unsubscribe"])
    def unsubscribe_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            question = Question(
                action="unsubscribe_selected",
                title=f"Unsubscribe {people(count)}?",
                sentences=(
                    "No blast will text them any more, whichever list they are on.",
                    "They stay on their lists, marked as opted out. You can restore them later, with their consent.",
                ),
                button=f"Unsubscribe {people(count)}",
            )
            return ask(self, request, queryset, count, question)
        outcome = opting_out.unsubscribe(
            queryset, f"Unsubscribed in the admin by {request.user}.", request.user.get_username()
        )
        said = f"Unsubscribed {people(outcome.changed)}: no blast texts them any more."
        if outcome.unchanged:
            said += f" {people(outcome.unchanged).capitalize()} had opted out before."
        self.message_user(request, said, messages.SUCCESS)
        return None

    @admin.action(description="Restore selected %(verbose_name_plural)s", permissions=["restore"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            question = Question(
                action="restore_selected",
                title=f"Restore {people(count)}?",
                sentences=(
                    "They will be texted again by the next blast to their list: what says that they opted out, "
                    "or that their number cannot be reached, is removed.",
                    CONSENT,
                    STOP_STAYS,
                ),
                button=f"Restore {people(count)}",
                is_grave=True,
            )
            return ask(self, request, queryset, count, question)
        outcome = opting_out.restore(queryset, request.user.get_username())
        said = f"Restored {people(outcome.changed)}: they can be texted again."
        if outcome.unchanged:
            said += f" {people(outcome.unchanged).capitalize()} could be texted all along."
        self.message_user(request, said, messages.SUCCESS)
        return None

    @admin.action(description="Delete selected %(verbose_name_plural)s", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            question = Question(
                action="delete_selected",
                title=f"Delete {people(count)}?",
                sentences=(f"They leave the list of {self.opts.verbose_name_plural}. {self.delete_warning}",),
                button=f"Delete {people(count)}",
                is_grave=True,
            )
            return ask(self, request, queryset, count, question)
        self.log_deletions(request, queryset)
        self.delete_queryset(request, queryset)
        self.message_user(
            request, f"Deleted {people(count)} from the {self.opts.verbose_name_plural}.", messages.SUCCESS
        )
        return None
