"""Routes of the reports room, all inside an engagement."""

from django.urls import include, path

from reports import print_sheet_views, sample_views, views

app_name = "reports"

engagement_patterns = [
    path("reports/", views.report_list, name="report_list"),
    path("reports/request/<str:kind>/", views.report_request, name="report_request"),
    path("reports/<uuid:report_id>/progress/", views.report_progress, name="report_progress"),
    path("reports/<uuid:report_id>/download/", views.report_download, name="report_download"),
    path(
        "open-links/<uuid:open_link_id>/sheet.pdf",
        print_sheet_views.print_sheet_file,
        name="open_link_print_sheet",
    ),
    path("sample-report/", sample_views.sample_page, name="sample_page"),
    path("sample-report/make/", sample_views.sample_make, name="sample_make"),
    path("sample-report/progress/", sample_views.sample_progress, name="sample_progress"),
    path("sample-report/<str:kind>.pdf", sample_views.sample_download, name="sample_download"),
]
urlpatterns = [path("p/<slug:slug>/engagements/<uuid:engagement_id>/", include(engagement_patterns))]
