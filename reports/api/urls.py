"""Routes of the reports room's endpoints."""

from django.urls import path

from reports.api import views

urlpatterns = [
    path(
        "engagements/<uuid:engagement_id>/reports/",
        views.EngagementReports.as_view(),
        name="engagement_reports",
    ),
    path("reports/<uuid:report_id>/", views.ReportDetail.as_view(), name="report_detail"),
    path("reports/<uuid:report_id>/file/", views.ReportFile.as_view(), name="report_file"),
]
