"""Links to imports: above lists, on event pages and on the pages of the imports."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from contacts.imports import lifecycle, merge
from contacts.models import ContactImport, Event, Group

from .additions import Additions, Link, add_to
from .events import registrations_address
from .filters import chosen_event, chosen_group

Target = ContactImport.Target


class ImportMixin:
    """Adds a link to the import above a list. `import_target` is the list. Registrations are imported per event, and
    people in groups per group."""

    import_target: str = ""

    def get_list_tools(self, request: HttpRequest) -> list[Link]:
        """(label, address) of what this user can do with the whole list."""
        tools: list[Link] = super().get_list_tools(request)  # type: ignore[misc]
        return [*tools, *self._import_links(request, "Import")]

    def get_first_steps(self, request: HttpRequest) -> list[Link]:
        """(label, address) of how this user can begin an empty list."""
        steps: list[Link] = super().get_first_steps(request)  # type: ignore[misc]
        return [*self._import_links(request, "Import people"), *steps]

    def _import_links(self, request: HttpRequest, label: str) -> list[Link]:
        place: Event | Group | None = None
        if self.import_target == Target.EVENT:
            place = chosen_event(request)
        elif self.import_target == Target.GROUP:
            place = chosen_group(request)
        address = import_address(request, self.import_target, place)
        return [(label, address)] if address else []


def import_address(request: HttpRequest, target: str, place: Event | Group | None = None) -> str:
    """The upload page for that list; "" if the user lacks permission, or where an event or group has to be chosen."""
    if not lifecycle.may_import(request.user, target):
        return ""
    if target in {Target.EVENT, Target.GROUP}:
        return reverse(f"admin:contacts_contactimport_new_{target}", args=[place.pk]) if place else ""
    return reverse("admin:contacts_contactimport_new", args=[target])


@add_to(Event)
class ImportedEvents(Additions):
    def page_links(self, request: HttpRequest, obj: Event) -> list[Link]:
        address = import_address(request, Target.EVENT, obj)
        return [("Import registrations", address)] if address else []


@add_to(Group)
class ImportedGroups(Additions):
    def page_links(self, request: HttpRequest, obj: Group) -> list[Link]:
        address = import_address(request, Target.GROUP, obj)
        return [("Import people", address)] if address else []


def list_link(target: str, place: Event | Group | None) -> dict[str, str]:
    """Where the people of an import are listed: {"name", "address"}."""
    if isinstance(place, Event):
        return {"name": f"People registered for {place}", "address": registrations_address(place)}
    if isinstance(place, Group):
        return {"name": f"People in {place}", "address": reverse("admin:contacts_group_change", args=[place.pk])}
    meta = merge.model_of(target)._meta
    return {
        "name": capfirst(str(meta.verbose_name_plural)),
        "address": reverse(f"admin:contacts_{meta.model_name}_changelist"),
    }
