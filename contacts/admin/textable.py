"""Members and registrations: whether people can be texted, and what staff can do about it."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import AppUser
from contacts import profiles, textability
from contacts.consent import opting_out
from smsadmin.lib.plurals import people

from .confirmation import Question, ask, is_confirmed, name_people
from .grouping import GroupingMixin
from .people import PersonAdmin
from .recording import stop_address

CONSENT = "Only do this for people who asked for it: texting people who opted out breaks the law and carrier rules."
STOP_STAYS = "If they texted STOP, Twilio keeps blocking your texts to them until they text START."


class TextablePersonAdmin(GroupingMixin, PersonAdmin):
    """Shows whether each person can be texted, and if not, why.

    `list_name` is the list as a sentence names it; `deleting` is what deleting is called, present and past.
    """

    list_name: str
    deleting = ("Delete", "Deleted")

    actions = (
        "group_selected",
        "unsubscribe_selected",
        "restore_selected",
        "export_selected",
        "delete_selected",
    )

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        """Whether the user may opt out many people at a time: one alone is recorded by anyone (see `recording`)."""
        return request.user.has_perms(["contacts.add_unsubscribedcontact", "contacts.change_unsubscribedcontact"])

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
        """Whether the person can be texted, why not, and a link to what changes it."""
        self.prepare_page([obj])
        record = obj.standing.record
        context = super().get_page_context(request, obj) | {
            "person": obj,
            "changelist_address": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "stop_address": stop_address(request, obj.phone) if not obj.standing.opt_out else "",
            "may_restore": record and self.has_restore_permission(request),
        }
        if record and request.user.has_perm(f"contacts.view_{record._meta.model_name}"):
            page = f"admin:contacts_{record._meta.model_name}_change"
            context["record_address"] = reverse(page, args=[record.pk])
        return context

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A name that staff correct here is the person's name, if one has been confirmed."""
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            profiles.follow(obj.phone, obj.name or "", cast(AppUser, request.user))

    # Actions -----------------------------------------------------------------------------------------------

    @admin.action(description="Stop all texts to selected people…", permissions=["unsubscribe"])
    def unsubscribe_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            who, number = name_people(queryset, count)
            question = Question(
                action="unsubscribe_selected",
                title=f"Stop all texts to {who}?",
                sentences=(
                    f"We won’t text {number} again, from any list.",
                    "They stay on their lists, marked as opted out. If they agree, you can allow texts again later.",
                ),
                button=f"Stop all texts to {who}",
            )
            return ask(self, request, queryset, count, question)
        outcome = opting_out.unsubscribe(
            queryset, f"Opted out by {request.user} in the admin.", request.user.get_username()
        )
        said = f"Stopped all texts to {people(outcome.changed)}."
        if outcome.unchanged:
            said += f" {people(outcome.unchanged)} had already opted out."
        self.message_user(request, said, messages.SUCCESS)
        return None

    @admin.action(description="Allow texts to selected people again…", permissions=["restore"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        if not is_confirmed(request, count):
            who, _ = name_people(queryset, count)
            question = Question(
                action="restore_selected",
                title=f"Allow texts to {who} again?",
                sentences=(
                    "The next blast to any of their lists will reach them again. They will no longer be listed as "
                    "opted out or unreachable.",
                    CONSENT,
                    STOP_STAYS,
                ),
                button=f"Allow texts to {who} again",
                is_dangerous=True,
            )
            return ask(self, request, queryset, count, question)
        outcome = opting_out.restore(queryset, request.user.get_username())
        said = f"{people(outcome.changed)} can be texted again."
        if outcome.unchanged:
            said += f" {people(outcome.unchanged)} already could be."
        self.message_user(request, said, messages.SUCCESS)
        return None

    @admin.action(description="Delete selected %(verbose_name_plural)s", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        count = queryset.count()
        verb, past = self.deleting
        if not is_confirmed(request, count):
            who, _ = name_people(queryset, count)
            question = Question(
                action="delete_selected",
                title=f"{verb} {who}?",
                sentences=(f"They are removed from {self.list_name}. {self.delete_warning}",),
                button=f"{verb} {who}",
                is_dangerous=True,
            )
            return ask(self, request, queryset, count, question)
        self.log_deletions(request, queryset)
        self.delete_queryset(request, queryset)
        self.message_user(request, f"{past} {people(count)} from {self.list_name}.", messages.SUCCESS)
        return None
