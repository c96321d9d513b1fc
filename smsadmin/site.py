"""The staff's site: Django's admin with our name, home page and navigation."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast

from django.apps import apps
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db.models import IntegerField
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse

from smsadmin.lib.ids import read_key

from .list_guard import guarded

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


# The parameters of an autocomplete request.
_FIELD: Final = ("app_label", "model_name", "field_name")


class SmsAdminSite(AdminSite):
    """Django's admin site, but it returns a 403 for pages that Django only hides from its menus."""

    site_header = "SMS Admin"
    site_title = "SMS Admin"
    index_title = "Home"
    password_change_template = "accounts/change_password.html"  # noqa: S105
    # There is no other site to view.
    site_url = None
    # Our own is in templates/admin/base.html.
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Like Django's, but the list accepts only lookups of its own filters."""
        super().register(model_or_iterable, guarded(admin_class or ModelAdmin), **options)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Like Django's, which fails for a reverse relation, one that is not a field of the model."""
        if request.method in {"GET", "HEAD"} and not _is_relation(*(request.GET.get(name, "") for name in _FIELD)):
            raise PermissionDenied
        return super().autocomplete_view(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Like Django's, but the view counts wrong guesses of the old password."""
        from accounts.views import OwnPasswordView  # the site is created before models can be imported

        request.current_app = self.name
        view = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            template_name=self.password_change_template,
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from .home import home  # the site is created before models can be imported

        return super().index(request, {"home": home(request.user), **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        from contacts.admin import person_page  # as above

        from . import team
        from .home import views

        search = path("search/", self.admin_view(self.search), name="search")
        return [*views.urls(self), *team.urls(self), search, *person_page.urls(self), *super().get_urls()]

    def search(self, request: HttpRequest) -> HttpResponse:
        """Searches for `q`. With `part=results`, returns only the list of results."""
        from . import search  # the site is created before models can be imported

        query = request.GET.get("q", "")[:100].replace("\0", "")
        context = {"found": search.find(request.user, query), "query": query, "title": "Search"}
        if request.GET.get("part") == "results":
            return TemplateResponse(request, "smsadmin/search_results.html", context)
        return TemplateResponse(request, "smsadmin/search.html", {**self.each_context(request), **context})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Our navigation (see navigation.py); for one app, Django's own list."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        from . import navigation  # the site is created before models can be imported

        return navigation.app_list(request)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if not self.get_app_list(request, app_label):
            raise PermissionDenied
        return super().app_index(request, app_label, extra_context)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        owner = getattr(view, "__self__", None)
        if isinstance(owner, ModelAdmin) and getattr(view, "__name__", "") == "changelist_view":
            view = cast(View, _check_actions(owner, view))
        return super().admin_view(view, cacheable)


def _is_relation(app_label: str, model_name: str, field_name: str) -> bool:
    try:
        return isinstance(apps.get_model(app_label, model_name)._meta.get_field(field_name), RelatedField)
    except (LookupError, ValueError, FieldDoesNotExist):
        return False


def _check_actions(admin: Any, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wraps a list's view. Posting an action that this user may not perform returns a 403.

    A selection that can't match any row is refused, because Django would look it up unchecked and fail.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        posted = request.POST.getlist("action") if request.method == "POST" else []
        asked = [action for action in admin._get_base_actions() if action[1] in posted]
        if len(admin._filter_actions_by_permissions(request, asked)) < len(asked):
            raise PermissionDenied
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME) if posted else []
        if not all(_is_key(admin.opts.pk, text) for text in selected):
            admin.message_user(request, "The selection couldn't be read. Select the rows again.", messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def _is_key(field: Any, text: str) -> bool:
    """Whether the text can be the primary key of a row, as both databases accept it."""
    if isinstance(field, IntegerField):
        return bool(read_key(text))
    try:
        field.to_python(text)
    except ValidationError:
        return False
    return "\0" not in text
