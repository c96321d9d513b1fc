"""Pages of the admin without the scripts that nothing on them uses.

Django sends jQuery and the scripts of its pop-ups with every list and form. Of our pages only those with a field that
completes what is typed (select2) need them.
"""

from typing import Any, Final

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IS_POPUP_VAR
from django.forms import Media
from django.http import HttpRequest, HttpResponse

_JQUERY: Final = (
    "admin/js/vendor/jquery/",
    "admin/js/jquery.init.js",
    "admin/js/admin/RelatedObjectLookups.js",
    # For fields that are filled in from others, which no form of ours has.
    "admin/js/urlify.js",
    "admin/js/prepopulate.js",
    "admin/js/vendor/xregexp/",
)
_NEEDS_JQUERY: Final = ("admin/js/vendor/select2/", "admin/js/inlines.js")


class LeanPages(ModelAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return _without_jquery(super().changelist_view(request, extra_context), request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return _without_jquery(super().changeform_view(request, object_id, form_url, extra_context), request)


def _without_jquery(response: Any, request: HttpRequest) -> Any:
    context = getattr(response, "context_data", None) or {}
    media = context.get("media")
    if media is None or IS_POPUP_VAR in request.GET:
        return response
    scripts = [str(script) for script in media._js]
    if not any(script.startswith(_NEEDS_JQUERY) for script in scripts):
        kept = [script for script in media._js if not str(script).startswith(_JQUERY)]
        context["media"] = Media(css=media._css, js=kept)
    return response
