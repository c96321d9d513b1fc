from django.urls import path

from . import webhooks

app_name = "messaging"
urlpatterns = [
    path("status/<int:delivery_id>", webhooks.status, name="status"),
]
