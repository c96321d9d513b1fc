"""The admin of keyword replies."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.translation import ngettext

from smsadmin.lib import dates

from .. import keywords
from ..models import KeywordAutomationRule
from ..models.keywords import KeywordOwnerQuerySet
from ..text import formatting
from ..text.encoding import MAX_CHARACTERS
from ..text.personalization import tidy
from ..text.visibility import is_blank
from .keyword_owners import KeywordOwnerAdmin
from .practice_phone import PhonePage
from .text_measure import answer_measure, size_of

REPLY_START = 80


class KeywordRuleForm(forms.ModelForm):
    """Normalizes the keyword, and explains why one can't be used."""

    class Meta:
        model = KeywordAutomationRule
        fields = ("keyword", "response_body", "is_active")
        help_texts = {
            "keyword": "The word people text, such as PARKING. Capital letters don’t matter. It works as the whole "
            "text or as its first word.",
            "is_active": "When off, people get no reply.",
        }
        widgets = {"response_body": forms.Textarea(attrs={"rows": 5, "dir": "auto"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Spaces are collapsed before the length counts.
        if field := self.fields.get("keyword"):
            field.max_length = None  # type: ignore[attr-defined]
            field.validators = [each for each in field.validators if getattr(each, "code", "") != "max_length"]
            field.widget.attrs.pop("maxlength", None)

    def clean_keyword(self) -> str:
        keyword = keywords.normalize(self.cleaned_data["keyword"])
        if reason := keywords.why_refused(keyword, self.instance if self.instance.pk else None):
            raise forms.ValidationError(reason)
        return keyword

    def clean_response_body(self) -> str:
        body = tidy(self.cleaned_data["response_body"])
        if is_blank(body):
            raise forms.ValidationError("The reply is empty. Write something people can see.")
        if len(body) > MAX_CHARACTERS:
            raise forms.ValidationError(
                f"The reply has {len(body):,} characters, and the limit is {MAX_CHARACTERS:,}. Shorten it."
            )
        return body


@admin.register(KeywordAutomationRule)
class KeywordAutomationRuleAdmin(PhonePage, KeywordOwnerAdmin):
    form = KeywordRuleForm
    keyword_field = "keyword"
    phone_template = "messaging/practice_phone.html"
    written_fields = KeywordRuleForm.Meta.fields
    change_form_template = "messaging/inbox_keyword.html"
    change_list_template = "messaging/inbox_keywords.html"
    # The size of the reply is shown between the two.
    fieldsets = ((None, {"fields": ("keyword", "response_body")}), (None, {"fields": ("is_active",)}))
    list_display = ("keyword", "reply_start", "is_active", "match_count", "last_match")
    list_filter = ("is_active",)
    search_fields = ("keyword__mentions", "response_body__mentions")
    search_help_text = "Keyword or words from the reply"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("activate_replies", "deactivate_replies")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.measure_view)
        return [path("measure/", view, name="messaging_keywordautomationrule_measure"), *super().get_urls()]

    def measure_view(self, request: HttpRequest) -> HttpResponse:
        """The size of the reply being typed (see `answer_measure`)."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return answer_measure(request) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Keyword replies", **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"measure_url": reverse("admin:messaging_keywordautomationrule_measure"), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: KeywordAutomationRule | None = None,
    ) -> HttpResponse:
        form = context["adminform"].form
        context |= {
            "can_try": self.can_try(request),
            "phone_address": self.phone_address(request, obj),
            "size": size_of(form["response_body"].value() or "") if "response_body" in form.fields else None,
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="reply")
    def reply_start(self, rule: KeywordAutomationRule) -> str:
        return formatting.beginning(rule.response_body, REPLY_START)

    @admin.display(description="last match", ordering="last_matched_at", empty_value="never")
    def last_match(self, rule: KeywordAutomationRule) -> str | None:
        return dates.when_tag(rule.last_matched_at) or None

    @admin.action(description="Turn on selected keyword replies", permissions=["change"])
    def activate_replies(self, request: HttpRequest, queryset: KeywordOwnerQuerySet) -> None:
        if count := self.switch(request, queryset, is_active=True):
            sentence = ngettext("%(count)s keyword reply turned on.", "%(count)s keyword replies turned on.", count)
            self.message_user(request, sentence % {"count": f"{count:,}"}, messages.SUCCESS)

    @admin.action(description="Turn off selected keyword replies", permissions=["change"])
    def deactivate_replies(self, request: HttpRequest, queryset: KeywordOwnerQuerySet) -> None:
        if count := self.switch(request, queryset, is_active=False):
            sentence = ngettext("%(count)s keyword reply turned off.", "%(count)s keyword replies turned off.", count)
            self.message_user(request, sentence % {"count": f"{count:,}"}, messages.SUCCESS)
