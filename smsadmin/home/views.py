"""The page of the setup checklist, and its two buttons. All three are for admins."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from . import setup, webhook

View = Callable[[HttpRequest], HttpResponse]


def _for_admins(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(setup.PERMISSION):
            raise PermissionDenied
        return view(request)

    return guarded


@_for_admins
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Setup",
        "checklist": setup.checklist(request.user),
    }
    return TemplateResponse(request, "smsadmin/setup.html", context)


@_for_admins
@require_POST
def set_webhook(request: HttpRequest) -> HttpResponse:
    try:
        webhook.set_webhook()
    except webhook.CannotSet as problem:
        messages.error(request, f"The webhook was not set. {problem}")
    else:
        messages.success(request, "Twilio now forwards incoming texts to this site.")
    return redirect("admin:setup")


@_for_admins
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    if setup.checklist(request.user).can_be_dismissed:
        setup.dismiss()
        return redirect("admin:index")
    messages.error(request, "Some steps are still open.")
    return redirect("admin:setup")


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path("setup/", site.admin_view(show), name="setup"),
        path("setup/webhook/", site.admin_view(set_webhook), name="setup_webhook"),
        path("setup/dismiss/", site.admin_view(dismiss), name="setup_dismiss"),
    ]
