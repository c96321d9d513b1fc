"""Community members."""

from django.contrib import admin

from contacts.models import CommunityMember
from smsadmin.lib import dates

from .filters import StateFilter
from .import_links import ImportMixin
from .textable import TextablePersonAdmin


@admin.register(CommunityMember)
class CommunityMemberAdmin(ImportMixin, TextablePersonAdmin):
    import_target = "community"
    list_display = ("shown_name", "shown_phone", "shown_state", "added")
    list_filter = (StateFilter,)
    fields = ("name", "phone", "added")
    readonly_fields = ("added",)
    empty_list = "Nobody is in the community yet."
    delete_warning = (
        "Whether they have opted out stays on record: if they are added again, they are still not texted."
    )

    added = dates.column("created_at", "added", ordering="pk")
