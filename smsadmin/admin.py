"""The queue's pages, so that they show and change nothing that runs.

django-q2 lets whoever may add a schedule name any function of any module, which the worker then calls: on its pages
an admin of the site would be an operator of the machine. The schedules are what `smsadmin.worker.schedules` installs.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as queue_admin
from django_q.models import Schedule

admin.site.unregister(Schedule)


@admin.register(Schedule)
class ScheduleAdmin(queue_admin.ScheduleAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
