"""The staff's site: Django's admin under our name, with a dashboard as its first page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse


class SmsAdminSite(AdminSite):
    site_header = "SMS Admin"
    site_title = "SMS Admin"
    index_title = "Dashboard"
    # The admin is the site: there is no other one to view.
    site_url = None

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from .dashboard import dashboard  # the site is made before the models can be imported

        return super().index(request, {"dashboard": dashboard(request.user), **(extra_context or {})})
