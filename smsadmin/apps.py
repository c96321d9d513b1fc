from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate


class SmsAdminConfig(AppConfig):
    name = "smsadmin"
    verbose_name = "SMS Admin"

    def ready(self) -> None:
        from messaging.inbox import replies
        from messaging.scheduling import sweep

        from . import checks  # noqa: F401 - imported for its registrations
        from .backups import given_ids
        from .worker import clock, heartbeat, schedules

        for task in (heartbeat.beat, sweep.sweep, schedules.repair):
            clock.tasks.register(task)
        replies.workers.register(heartbeat.living)
        # The signal comes after all migrations, once for each app that has models. The rows are django-q2's.
        post_migrate.connect(_install_schedules, sender=apps.get_app_config("django_q"))
        pre_migrate.connect(given_ids.remember, sender=self)
        post_migrate.connect(given_ids.keep, sender=self)


class AdminConfig(DjangoAdminConfig):
    default_site = "smsadmin.site.SmsAdminSite"


def _install_schedules(**_: Any) -> None:
    from .worker import schedules  # models can only be imported once the apps are ready

    # If only another app was migrated, the queue's own migration hasn't created its tables yet.
    if schedules.Schedule._meta.db_table in connection.introspection.table_names():
        schedules.install()
