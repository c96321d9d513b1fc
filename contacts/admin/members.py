"""Community members."""

from django.contrib import admin

from contacts.models import CommunityMember

from .filters import StateFilter
from .import_links import ImportMixin
from .textable import TextablePersonAdmin


@admin.register(CommunityMember)
class CommunityMemberAdmin(ImportMixin, TextablePersonAdmin):
    import_target = "community"
    list_display = ("shown_name", "shown_phone", "shown_state", "added")
    list_filter = (StateFilter,)
    fields = ("name", "phone", "created_at")
    readonly_fields = ("created_at",)
    empty_list = "Nobody is in the community yet."
    delete_warning = (
        "Whether they have opted out stays on record: if they are added again, they are still not texted."
    )

    @admin.display(description="added", ordering="pk")
    def added(self, member: CommunityMember) -> object:
        return member.created_at
