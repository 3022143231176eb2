"""Routes of the reports room, all inside an engagement."""

from django.urls import include, path

from reports import views

app_name = "reports"

engagement_patterns = [
    path("reports/", views.report_list, name="report_list"),
    path("reports/request/<str:kind>/", views.report_request, name="report_request"),
    path("reports/<uuid:report_id>/progress/", views.report_progress, name="report_progress"),
    path("reports/<uuid:report_id>/download/", views.report_download, name="report_download"),
]
urlpatterns = [path("p/<slug:slug>/engagements/<uuid:engagement_id>/", include(engagement_patterns))]
