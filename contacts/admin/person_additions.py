"""Lets this and other apps add sections and actions to the page of a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from contacts.known_people import Person
from smsadmin.lib.registry import Registry

from .additions import Link


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a template with its context. `key` is its anchor; `link` leads to more of it.

    Sections are shown in the order of `place`, those `is_beside` in a column of their own where there is room.
    """

    key: str
    title: str
    template: str
    context: dict[str, Any]
    place: int
    link: Link | None = None
    is_beside: bool = False


# Functions of a request and a person. They return what the request's user may see, and None or nothing otherwise.
sections: Final[Registry[Callable[[HttpRequest, Person], Section | None]]] = Registry()
actions: Final[Registry[Callable[[HttpRequest, Person], list[Link]]]] = Registry()


def section(make: Callable[[HttpRequest, Person], Section | None]) -> Callable[[HttpRequest, Person], Section | None]:
    """Decorator that registers a section. Use it in a module that is imported with the admin."""
    sections.register(make)
    return make


def action(make: Callable[[HttpRequest, Person], list[Link]]) -> Callable[[HttpRequest, Person], list[Link]]:
    """Decorator that registers links to what can be done with a person."""
    actions.register(make)
    return make
