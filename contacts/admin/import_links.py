"""Links to imports: above lists, on event pages and on the pages of the imports."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from contacts.imports import lifecycle, merge
from contacts.models import ContactImport, Event

from .additions import Additions, Link, add_to
from .events import registrations_address
from .filters import chosen_event

Target = ContactImport.Target


class ImportMixin:
    """Adds a link to the import above a list. `import_target` is the list. Registrations are imported per event."""

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
        event = chosen_event(request) if self.import_target == Target.EVENT else None
        address = import_address(request, self.import_target, event)
        return [(label, address)] if address else []


def import_address(request: HttpRequest, target: str, event: Event | None = None) -> str:
    """The upload page for that list; "" if the user lacks permission, or for registrations without an event."""
    if not lifecycle.may_import(request.user, target):
        return ""
    if target == Target.EVENT:
        return reverse("admin:contacts_contactimport_new_event", args=[event.pk]) if event else ""
    return reverse("admin:contacts_contactimport_new", args=[target])


@add_to(Event)
class ImportedEvents(Additions):
    def page_links(self, request: HttpRequest, obj: Event) -> list[Link]:
        address = import_address(request, Target.EVENT, obj)
        return [("Import registrations", address)] if address else []


def list_link(target: str, event: Event | None) -> dict[str, str]:
    """Where the people of an import are listed: {"name", "address"}."""
    if event:
        return {"name": f"People registered for {event}", "address": registrations_address(event)}
    meta = merge.model_of(target)._meta
    return {
        "name": capfirst(str(meta.verbose_name_plural)),
        "address": reverse(f"admin:contacts_{meta.model_name}_changelist"),
    }
