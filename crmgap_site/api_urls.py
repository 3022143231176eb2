"""All endpoints under /api/v1/; each room brings its own."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

app_name = "api"
urlpatterns = [
    path(
        "openapi.json",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="openapi",
    ),
    path("", include("practice.api.urls")),
    path("", include("surveys.api.urls")),
    path("", include("diagnosis.api.urls")),
    path("", include("reports.api.urls")),
]
