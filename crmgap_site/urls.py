"""All routes of the site; each room brings its own."""

from django.urls import include, path

from crmgap_site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("crmgap_site.api_urls")),
    path("s/", include("surveys.respondent_urls")),
    path("", include("practice.urls")),
]
handler400 = "crmgap_site.views.bad_request"
handler403 = "crmgap_site.views.forbidden"
handler404 = "crmgap_site.views.not_found"
handler500 = "crmgap_site.views.server_error"
