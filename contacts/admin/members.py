"""People in the community."""

from django.contrib import admin
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from contacts.models import CommunityMember
from smsadmin.lib import dates

from .filters import StateFilter
from .import_links import ImportMixin
from .picking import suggest
from .textable import TextablePersonAdmin


@admin.register(CommunityMember)
class CommunityMemberAdmin(ImportMixin, TextablePersonAdmin):
    import_target = "community"
    list_display = ("shown_name", "shown_phone", "shown_state", "added")
    list_filter = (StateFilter,)
    fields = ("name", "phone", "added")
    readonly_fields = ("added",)
    list_name = "the community"
    empty_list = "Nobody is in the community yet."
    list_purpose = "These are the people you text with blasts to the community. Bring them in from a spreadsheet."
    delete_warning = "Opt-outs stay on record: anyone who opted out won’t be texted, even if you add them again."

    added = dates.column("created_at", "added", ordering="pk")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(suggest))
        return [path("suggest/", view, name="contacts_communitymember_suggest"), *super().get_urls()]
