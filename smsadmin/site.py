"""The staff's site: Django's admin under our name."""

from django.contrib.admin import AdminSite


class SmsAdminSite(AdminSite):
    site_header = "SMS Admin"
    site_title = "SMS Admin"
    index_title = "Dashboard"
    # The admin is the site: there is no other one to view.
    site_url = None
