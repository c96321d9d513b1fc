"""Groups and the people in them. A group's page has its people; the list of all is for many at a time."""

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.models import Group, GroupMember
from contacts.textability import group_counts
from smsadmin.lib import dates
from smsadmin.lib.locks import lock_bulk_changes

from .choosing import SearchingFields
from .filters import GroupFilter, StateFilter, chosen_group
from .import_links import ImportMixin
from .people import ListAdmin, ListTool
from .people_page import PeoplePage, Words
from .textable import TextablePersonAdmin

_WORDS: Final = Words(
    count="People",
    add="Add somebody",
    button="Add",
    heading="Who is in it",
    search="Search the people in this group",
    nobody="Nobody is in this group yet.",
    none_found="Nobody in this group matches",
    details="Name of the group",
    added="Added {}.",
    present="{} is already in this group.",
)


@admin.register(Group)
class GroupAdmin(PeoplePage, ListAdmin):
    entry_model = GroupMember
    list_field = "group"
    adding = "enroll"
    is_removable = True
    words = _WORDS
    list_display = ("name", "people", "textable", "added")
    search_fields = ("name__mentions",)
    search_help_text = "Name of a group"
    ordering: ClassVar[tuple[Any, ...]] = (Lower("name"), "-pk")
    sortable_by = ("name",)
    fields = ("name",)
    empty_list = "No groups yet."
    list_purpose = "A group has its own list of people, such as a choir or the drivers, so you can text just them."
    delete_warning = (
        "The people in it stay on their other lists. Audiences that ask for this group stop working. Blasts already "
        "sent to it stay on record."
    )
    actions = None

    def prepare_page(self, rows: list[Group]) -> None:
        counts = group_counts(group.pk for group in rows)
        for group in rows:
            group.counts = counts[group.pk]  # type: ignore[attr-defined]

    added = dates.column("created_at", "added")

    @admin.display(description="people")
    def people(self, group: Any) -> str:
        return f"{group.counts.total:,}"

    @admin.display(description="can be texted")
    def textable(self, group: Any) -> str:
        return f"{group.counts.textable:,}"

    def get_page_context(self, request: HttpRequest, obj: Group) -> dict[str, Any]:
        return super().get_page_context(request, obj) | {
            "counts": group_counts([obj.pk])[obj.pk],
            "people": self.people_context(request, obj),
        }

    def get_page_tools(self, request: HttpRequest, obj: Group) -> list[ListTool]:
        tools: list[ListTool] = []
        if request.user.has_perms(["contacts.view_communitymember", "contacts.add_groupmember"]):
            tools.append(("Choose from everyone", reverse("admin:contacts_communitymember_changelist")))
        if request.user.has_perm("contacts.view_groupmember"):
            export = reverse("admin:contacts_groupmember_export")
            tools.append(("Export CSV", f"{export}?group={obj.pk}"))
        return tools

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        """Runs in the transaction of Django's page; everyone in it is removed too."""
        lock_bulk_changes()
        super().delete_model(request, obj)


@admin.register(GroupMember)
class GroupMemberAdmin(SearchingFields, ImportMixin, TextablePersonAdmin):
    import_target = "group"
    list_display = ("shown_name", "shown_phone", "in_group", "shown_state", "added")
    list_filter = (GroupFilter, StateFilter)
    list_select_related = ("group",)
    fields = ("group", "name", "phone", "added")
    readonly_fields = ("added",)
    list_name = "the group"
    deleting = ("Remove", "Removed")
    empty_list = "Nobody is in a group yet."
    export_permission = "view"
    delete_warning = "They stay on their other lists."

    added = dates.column("created_at", "added", ordering="pk")

    @admin.display(description="group")
    def in_group(self, member: GroupMember) -> SafeString:
        address = reverse("admin:contacts_group_change", args=[member.group_id])
        return format_html('<a href="{}">{}</a>', address, member.group)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [name for name in columns if name != "in_group"] if chosen_group(request) else columns

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The group of the list where "Add" was clicked."""
        from_list = QueryDict(request.GET.get("_changelist_filters", ""))
        chosen = {"group": from_list["group"]} if "group" in from_list else {}
        return chosen | super().get_changeform_initial_data(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context: dict[str, Any] = {"title": "People in groups"}
        if group := chosen_group(request):
            context = {"title": f"People in {group}", "empty_list": f"Nobody is in {group} yet."}
        return super().changelist_view(request, context | (extra_context or {}))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        member = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if member is not None:
            question = f"Remove {member} from {member.group}?"
            context = {"title": question, "delete_question": question, "delete_button": "Remove"}
        return super().delete_view(request, object_id, context | (extra_context or {}))

    def delete_model(self, request: HttpRequest, obj: GroupMember) -> None:
        # Django's page only names the deleted row; the answer leads back to its group.
        request.removed_from = obj.group  # type: ignore[attr-defined]
        super().delete_model(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        group: Group = request.removed_from  # type: ignore[attr-defined]
        self.message_user(request, f"Removed {obj_display} from {group}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:contacts_group_change", args=[group.pk]))

    @admin.action(description="Remove selected people from the group…", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return super().delete_selected(request, queryset)
