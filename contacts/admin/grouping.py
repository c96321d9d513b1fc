"""The action on lists of people that puts those selected into a group."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contacts import groups
from contacts.models import Group
from smsadmin.lib.plurals import people

from .confirmation import Question, ask, is_confirmed, name_people


class GroupForm(forms.Form):
    """Which group: an existing one, or the name of a new one. `group` is a new Group that is not saved yet."""

    existing = forms.ChoiceField(label="Group", required=False)
    name = forms.CharField(label="Or a new group named", required=False, max_length=100)

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.groups = {str(group.pk): group for group in groups.offered()}
        self.fields["existing"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a group"),
            *((key, group.name) for key, group in self.groups.items()),
        ]
        if not user.has_perm("contacts.add_group"):
            del self.fields["name"]
        if not self.groups:
            del self.fields["existing"]
            self.fields["name"].label = "Name of a new group"
        self.group: Group | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name = " ".join(cleaned.get("name", "").split())
        existing = self.groups.get(cleaned.get("existing", ""))
        if bool(name) == bool(existing):
            raise forms.ValidationError("Choose a group, or type the name of a new one.")
        self.group = existing or Group.objects.named(name).first() or Group(name=name)
        return cleaned


class GroupingMixin(admin.ModelAdmin):
    """Adds the action to a list of people."""

    def has_group_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["contacts.view_group", "contacts.add_groupmember"])

    @admin.action(description="Add selected people to a group…", permissions=["group"])
    def group_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        count = queryset.count()
        form = GroupForm(request.user, request.POST if "confirmed" in request.POST else None)
        if not is_confirmed(request, count) or not form.is_valid() or not form.group:
            who, _ = name_people(queryset, count)
            question = Question(
                action="group_selected",
                title=f"Add {who} to a group",
                sentences=("They stay on their other lists. Whoever is in the group already stays as they are.",),
                button=f"Add {who}",
            )
            return ask(self, request, queryset, count, question, form)
        group = form.group
        if group.pk is None:
            group.save()
            self.admin_site.get_model_admin(Group).log_addition(request, group, [{"added": {}}])
        added = groups.add_people(group, queryset)
        said = f"Added {people(added)} to {group}."
        if present := count - added:
            said += f" {people(present)} {'was' if present == 1 else 'were'} in it already."
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:contacts_group_change", args=[group.pk]))
