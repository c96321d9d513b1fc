"""The queue's admin pages, read-only where they could run code.

In django-q2, anyone who may add a schedule can name any function of any module for the worker to call: on its pages,
an admin of the site would be an operator of the machine. `smsadmin.worker.schedules` installs the schedules instead.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as queue_admin
from django_q.models import Schedule

from . import team  # noqa: F401 - registers its page

admin.site.unregister(Schedule)


@admin.register(Schedule)
class ScheduleAdmin(queue_admin.ScheduleAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
