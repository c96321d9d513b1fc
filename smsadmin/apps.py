from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate


class SmsAdminConfig(AppConfig):
    name = "smsadmin"
    verbose_name = "SMS Admin"

    def ready(self) -> None:
        post_migrate.connect(_install_schedules, sender=self)


class AdminConfig(DjangoAdminConfig):
    default_site = "smsadmin.site.SmsAdminSite"


def _install_schedules(**_: Any) -> None:
    from . import schedules  # models can be imported only now that the apps are ready

    schedules.install()
