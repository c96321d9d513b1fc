from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from messaging.webhooks.middleware import PREFIX

handler400 = "smsadmin.errors.bad_request"
handler500 = "smsadmin.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path(PREFIX.lstrip("/"), include("messaging.webhooks.urls")),
]
