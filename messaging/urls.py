from django.urls import path

from . import webhooks

app_name = "messaging"
urlpatterns = [
    path("inbound", webhooks.inbound_text, name="inbound"),
    path("status/<int:delivery_id>", webhooks.status, name="status"),
]
