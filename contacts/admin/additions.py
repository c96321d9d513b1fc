"""What other modules and apps add to the pages of this app: links, columns and actions."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import Model
from django.http import HttpRequest

Link = tuple[str, str]


class Additions:
    """Added to the admin of a model by `add_to`. Each method gives what the user of the request may have.

    `actions` are functions of the ModelAdmin, a request and a queryset, described by `admin.action`.
    """

    actions: ClassVar[tuple[Callable[..., Any], ...]] = ()

    def may_act(self, request: HttpRequest) -> bool:
        """Whether the user may take these actions."""
        return True

    def page_links(self, request: HttpRequest, obj: Any) -> list[Link]:
        """(label, address) for the page of a row."""
        return []

    def list_links(self, request: HttpRequest) -> list[Link]:
        """(label, address) for above the list."""
        return []

    def columns(self, request: HttpRequest) -> list[Callable[[Any], Any]]:
        """Functions of a row, described by `admin.display`."""
        return []


_added: Final[defaultdict[type[Model], list[Additions]]] = defaultdict(list)


def add_to(*models: type[Model]) -> Callable[[type[Additions]], type[Additions]]:
    """Decorates a class of additions, in a module that Django imports with the admin."""

    def add(additions: type[Additions]) -> type[Additions]:
        for model in models:
            _added[model].append(additions())
        return additions

    return add


def added_to(model: type[Model]) -> list[Additions]:
    return _added[model]
