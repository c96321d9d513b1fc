"""Lets other modules and apps add links, columns and actions to this app's admin pages."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

Link = tuple[str, str]


class Additions:
    """Additions to a model's admin, registered with `add_to`. Each method returns what the request's user may see.

    `actions` are functions of the ModelAdmin, a request and a queryset, decorated with `admin.action`.
    """

    actions: ClassVar[tuple[Callable[..., Any], ...]] = ()

    def may_act(self, request: HttpRequest) -> bool:
        """Whether the user may run these actions."""
        return True

    def page_links(self, request: HttpRequest, obj: Any) -> list[Link]:
        """(label, URL) of the links on a row's page."""
        return []

    def page_posts(self, request: HttpRequest, obj: Any) -> list[Link]:
        """(label, address) for buttons on the page of a row that post to the address."""
        return []

    def page_sections(self, request: HttpRequest, obj: Any) -> list[SafeString]:
        """Sections of a row's page, as HTML with a heading of its own."""
        return []

    def list_links(self, request: HttpRequest) -> list[Link]:
        """(label, URL) of the links above the list."""
        return []

    def columns(self, request: HttpRequest) -> list[Callable[[Any], Any]]:
        """Functions of a row, decorated with `admin.display`."""
        return []


_added: Final[defaultdict[type[Model], list[Additions]]] = defaultdict(list)


def add_to(*models: type[Model]) -> Callable[[type[Additions]], type[Additions]]:
    """Class decorator that registers additions. Use it in a module that is imported with the admin."""

    def add(additions: type[Additions]) -> type[Additions]:
        for model in models:
            _added[model].append(additions())
        return additions

    return add


def added_to(model: type[Model]) -> list[Additions]:
    return _added[model]
