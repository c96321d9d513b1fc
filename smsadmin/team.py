"""The page My account, and what it and the page of a user in Team share: the phone on which the user tests blasts."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.admin import AppUserAdmin
from accounts.forms import UserForm
from accounts.models import AppUser
from contacts import phones
from messaging.composing.own_phone import describe_default


class PhoneInput(forms.CharField):
    """A phone number, typed in any way; its value is E.164, or "" for none."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "class": "vTextField"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return phones.normalize(text) if text else ""

    def prepare_value(self, value: Any) -> Any:
        return phones.display(value) if phones.E164.fullmatch(value or "") else value


class OwnPhoneForm(forms.ModelForm):
    """The field, and what applies while it is empty. The instance is a user."""

    test_phone = PhoneInput(label="Test phone", required=False)

    class Meta:
        model = AppUser
        fields = ("test_phone",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = describe_default(self.instance)
        self.fields["test_phone"].help_text = f"The number that “Send me a test” offers. {default}"


class TeamForm(OwnPhoneForm, UserForm):
    class Meta(UserForm.Meta):
        pass


admin.site.unregister(AppUser)


@admin.register(AppUser)
class TeamAdmin(AppUserAdmin):
    form = TeamForm
    fieldsets: ClassVar[Any] = (
        *AppUserAdmin.fieldsets[:-1],
        ("Tests", {"fields": ("test_phone",)}),
        AppUserAdmin.fieldsets[-1],
    )


def own_account(request: HttpRequest) -> HttpResponse:
    """A user's own account. Every user may see it, and change what is theirs."""
    user = AppUser.objects.get(username=request.user.get_username())
    form = OwnPhoneForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        if form.has_changed():
            user.save(update_fields=["test_phone"])
            team = admin.site.get_model_admin(AppUser)
            team.log_change(request, user, [{"changed": {"fields": ["Test phone"]}}])
        messages.success(request, "Saved.")
        return redirect("admin:own_account")
    context = admin.site.each_context(request) | {"title": "My account", "form": form, "account": user}
    return TemplateResponse(request, "accounts/own_account.html", context)


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [path("account/", site.admin_view(own_account), name="own_account")]
