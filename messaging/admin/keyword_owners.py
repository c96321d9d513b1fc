"""What the admins of keyword replies and of surveys share: people text to their rows while staff edit them."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest

from ..models.keywords import KeywordOwnerQuerySet


class KeywordOwnerAdmin(admin.ModelAdmin):
    """For a model with the manager of `KeywordOwnerQuerySet`. `written_fields` are those that its form writes."""

    written_fields: ClassVar[tuple[str, ...]] = ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Locked while it is written: it cannot be deleted between being read and being saved."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            return self.get_queryset(request).select_for_update(of=("self",)).filter(pk=found.pk).first()
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What the form holds and nothing else: people text meanwhile, and are counted."""
        obj.save(update_fields=[*self.written_fields, "updated_at"] if change else None)

    def switch(self, request: HttpRequest, chosen: KeywordOwnerQuerySet, *, is_active: bool) -> int:
        """Activate or deactivate the chosen; how many were not so before. Where none was, the user is told here."""
        switched = chosen.switch(is_active=is_active)
        for owner in switched:
            self.log_change(request, owner, "Activated." if is_active else "Deactivated.")
        if not switched:
            state = "active" if is_active else "inactive"
            self.message_user(request, f"All of them were {state} before.", messages.INFO)
        return len(switched)
