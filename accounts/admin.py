"""Users in the admin: Django's own UserAdmin, with a role where it has groups and permissions."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from .models import AppUser
from .roles import Role

# Roles take the place of Django's groups, which importing its UserAdmin has registered.
admin.site.unregister(Group)


class PasswordForm(AdminPasswordChangeForm):
    """Without Django's choice to log in by other means than a password: there are none here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True


@admin.register(AppUser)
class AppUserAdmin(UserAdmin):
    add_form = UserCreationForm
    add_form_template = "admin/change_form.html"
    change_password_form = PasswordForm
    change_user_password_template = "accounts/set_password.html"  # noqa: S105
    list_display = ("username", "role", "is_active", "last_login", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    roles_explained = (
        "An admin may do everything. A social manager sends blasts and looks after events, registrations and "
        "surveys, but does not change members, opt-outs, suppressed numbers or users."
    )
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("What they may do", {"fields": ("role", "is_active"), "description": roles_explained}),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2")}),
        ("What they may do", {"fields": ("role",), "description": roles_explained}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # Whoever hurries past the choice gives less, not more.
        return {"role": Role.SOCIAL_MANAGER, **super().get_changeform_initial_data(request)}
