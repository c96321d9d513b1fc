"""What the pages of imports have in common."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from contacts.imports import lifecycle
from contacts.models import ContactImport


class ImportBase(admin.ModelAdmin):
    """Finds imports that the user may see, and renders pages about them."""

    def get_import(self, request: HttpRequest, pk: Any) -> ContactImport:
        imports = ContactImport.objects.select_related("event", "group", "created_by")
        contact_import: ContactImport = get_object_or_404(imports, pk=pk)
        if not lifecycle.may_import(request.user, contact_import.target):
            raise PermissionDenied
        return contact_import

    def address_of(self, contact_import: ContactImport) -> str:
        return reverse("admin:contacts_contactimport_change", args=[contact_import.pk])

    def render(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}, status=status
        )
