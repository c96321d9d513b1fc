"""A base for the admins of keyword replies and surveys, whose rows change while staff edit them."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest

from ..models.keywords import KeywordOwnerQuerySet


class KeywordOwnerAdmin(admin.ModelAdmin):
    """For models with a `KeywordOwnerQuerySet` manager. `written_fields` are the form's fields."""

    written_fields: ClassVar[tuple[str, ...]] = ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Locked during a POST, so that it can't be deleted between being read and saved."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            return self.get_queryset(request).select_for_update(of=("self",)).filter(pk=found.pk).first()
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves only the form's fields: counters may change meanwhile."""
        obj.save(update_fields=[*self.written_fields, "updated_at"] if change else None)

    def switch(self, request: HttpRequest, chosen: KeywordOwnerQuerySet, *, is_active: bool) -> int:
        """Activate or deactivate. Returns how many changed; if none did, says so to the user."""
        switched = chosen.switch(is_active=is_active)
        for owner in switched:
            self.log_change(request, owner, "Activated." if is_active else "Deactivated.")
        if not switched:
            state = "active" if is_active else "inactive"
            self.message_user(request, f"All of them were already {state}.", messages.INFO)
        return len(switched)
