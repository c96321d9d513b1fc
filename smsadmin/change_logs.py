"""Change logs are for admins, whichever page they belong to."""

from typing import Any, Final

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

# Django's own, of the rows that its change logs show.
PERMISSION: Final = "admin.view_logentry"


class AdminsReadChangeLogs(ModelAdmin):
    """Refuses the change log to those who may not read it. Templates hide the links to it by the same permission."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
