from django.urls import path

from . import views

app_name = "messaging"
urlpatterns = [
    path("inbound", views.inbound_text, name="inbound"),
    path("status/<int:delivery_id>", views.status, name="status"),
]
