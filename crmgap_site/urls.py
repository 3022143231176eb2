"""All routes of the site; each room brings its own."""

from django.urls import include, path
from django.views.generic import RedirectView

from crmgap_site import metrics, views
from crmgap_site.engagements import views as engagements

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/2fa/", RedirectView.as_view(pattern_name="practice:profile"), name="mfa_index"),
    path(
        "accounts/2fa/webauthn/",
        RedirectView.as_view(pattern_name="practice:profile"),
        name="mfa_list_webauthn",
    ),
    path("accounts/", include("allauth.urls")),
    path("p/<slug:slug>/", engagements.engagement_list, name="engagement_list"),
    path("p/<slug:slug>/engagements/new/", engagements.engagement_create, name="engagement_create"),
    path(
        "p/<slug:slug>/engagements/<uuid:engagement_id>/",
        engagements.engagement_detail,
        name="engagement_detail",
    ),
    path(
        "p/<slug:slug>/engagements/<uuid:engagement_id>/edit/",
        engagements.engagement_edit,
        name="engagement_edit",
    ),
    path("s/", include("surveys.respondent_urls")),
    path("hooks/", include("surveys.webhook_urls")),
    path("api/v1/", include("crmgap_site.api_urls")),
    path("", include("practice.urls")),
    path("", include("surveys.urls")),
    path("", include("diagnosis.urls")),
    path("", include("reports.urls")),
]
handler400 = "crmgap_site.views.bad_request"
handler403 = "crmgap_site.views.forbidden"
handler404 = "crmgap_site.views.not_found"
handler500 = "crmgap_site.views.server_error"
