"""Users in the admin: Django's UserAdmin, with a role instead of groups and permissions."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import actions as admin_actions
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import ngettext

from smsadmin.lib import dates

from . import (
    admin_events,  # noqa: F401 - registers its page
    admin_organization,  # noqa: F401 - likewise
    login_limits,
)
from .events import record
from .forms import LoginForm, PasswordForm, UserForm
from .last_admin import check_admin_remains
from .models import AppUser, LoginAttempt
from .roles import Role
from .security_events import Kind

# Roles replace Django's groups, which importing its UserAdmin has registered.
admin.site.unregister(Group)
admin.site.login_form = LoginForm


@admin.register(AppUser)
class AppUserAdmin(UserAdmin):
    form = UserForm
    add_form = UserCreationForm
    add_form_template = "admin/change_form.html"
    change_password_form = PasswordForm
    change_user_password_template = "accounts/set_password.html"  # noqa: S105
    actions = ("delete_selected", "unlock")
    list_display = ("username", "role", "is_active", "logged_in", "added")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("logged_in", "added")
    roles_explained = (
        "Admins can do everything. Social managers can send blasts and manage events, registrations and surveys, "
        "but can’t change people, opt-outs, unreachable numbers or users."
    )
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("username", "password", "must_change_password")}),
        ("Access", {"fields": ("role", "is_active"), "description": roles_explained}),
        ("Dates", {"fields": ("logged_in", "added")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2", "must_change_password")}),
        ("Access", {"fields": ("role",), "description": roles_explained}),
    )

    class Media:
        js = (Script("smsadmin/copy.js", defer=True),)

    logged_in = dates.column("last_login", "last sign-in")
    added = dates.column("created_at", "added")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # The safe defaults for anyone who skips the choices: the lesser role, and a password that must be changed.
        cautious = {"role": Role.SOCIAL_MANAGER, "must_change_password": True}
        return {**cautious, **super().get_changeform_initial_data(request)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Team", **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: AppUser, post_url_continue: str | None = None) -> HttpResponse:
        # As a message, because it is told once, on whichever page comes next.
        messages.success(
            request,
            render_to_string(
                "accounts/sign_in_details.html", {"new_user": obj, "address": _sign_in_address(request)}
            ),
        )
        if "_addanother" in request.POST:
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse("admin:accounts_appuser_change", args=[obj.pk]))

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Users can't take away their own rights."""
        own = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Users can't delete themselves."""
        is_own = obj is not None and obj.pk == request.user.pk
        return not is_own and super().has_delete_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        # One's own password has a page of its own, which asks for the old one.
        if id == str(request.user.pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: AppUser, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            record(Kind.USER_ADDED, added_user=obj.username, role=obj.role)
        if change and "role" in form.changed_data:
            record(Kind.ROLE_CHANGED, of_user=obj.username, before=form.initial["role"], now=obj.role)
        if change and "is_active" in form.changed_data:
            record(Kind.USER_ACTIVATED if obj.is_active else Kind.USER_DEACTIVATED, of_user=obj.username)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for user in queryset:
            record(Kind.USER_REMOVED, removed_user=user.username, role=user.role)
        return super().log_deletions(request, queryset)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        check_admin_remains([obj.pk])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        check_admin_remains(list(queryset.values_list("pk", flat=True)))
        super().delete_queryset(request, queryset)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as refusal:
            messages.error(request, f"Nobody was deleted. {refusal.message}")
            return HttpResponseRedirect(reverse("admin:accounts_appuser_change", args=[object_id]))

    @admin.action(permissions=["delete"], description="Delete selected users")
    def delete_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Django's action, but it never deletes oneself or the last admin."""
        if queryset.filter(pk=request.user.pk).exists():
            messages.error(request, "Nobody was deleted. You can’t delete yourself: uncheck your own name.")
            return None
        try:
            with transaction.atomic():
                return admin_actions.delete_selected(self, request, queryset)
        except ValidationError as refusal:
            messages.error(request, f"Nobody was deleted. {refusal.message}")
            return None

    @admin.action(permissions=["change"], description="Unlock selected users")
    def unlock(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        lifted = login_limits.unlock_users(queryset.values_list("username", flat=True))
        report_lifted(request, lifted, "Locks on addresses are separate: see Failed sign-ins.")


@admin.register(LoginAttempt)
class LoginAttemptAdmin(admin.ModelAdmin):
    """What the login limits have counted. Read-only, except for unlocking."""

    actions = ("unlock",)
    list_display = ("whom", "attempt_count", "first_attempt", "locked")
    list_display_links = None
    search_fields = ("client_ip", "username")
    ordering = ("-first_attempt_at",)
    first_attempt = dates.column("first_attempt_at", "first attempt")
    locked = dates.column("locked_until", "locked until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Failed sign-ins", **(extra_context or {})})

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.delete_loginattempt")

    @admin.action(permissions=["unlock"], description="Unlock selected")
    def unlock(self, request: HttpRequest, queryset: models.QuerySet[LoginAttempt]) -> None:
        lifted = login_limits.lift(queryset)
        report_lifted(request, lifted, "The failed sign-ins were cleared.")


def _sign_in_address(request: HttpRequest) -> str:
    """Where users sign in, as others reach it."""
    path = reverse("admin:index")
    return f"{settings.PUBLIC_BASE_URL}{path}" if settings.PUBLIC_BASE_URL else request.build_absolute_uri(path)


def report_lifted(request: HttpRequest, lifted: int, more: str) -> None:
    done = ngettext("%d lock was lifted.", "%d locks were lifted.", lifted) % lifted
    messages.success(request, f"{done if lifted else 'Nothing was locked.'} {more}")
