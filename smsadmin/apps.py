from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class SmsAdminConfig(AppConfig):
    name = "smsadmin"
    verbose_name = "SMS Admin"


class AdminConfig(DjangoAdminConfig):
    default_site = "smsadmin.site.SmsAdminSite"
