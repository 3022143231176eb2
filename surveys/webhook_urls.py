"""Routes of mail providers under /hooks/."""

from django.urls import path

from surveys.webhook_views import provider_call

app_name = "webhooks"
urlpatterns = [path("mail/<uuid:channel_id>/", provider_call, name="mail")]
