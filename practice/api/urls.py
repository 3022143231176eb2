"""Routes of the practice room's endpoints."""

from django.urls import path

from practice.api import views

urlpatterns = [
    path("clients/", views.ClientList.as_view(), name="client_list"),
    path("clients/<uuid:client_id>/", views.ClientDetail.as_view(), name="client_detail"),
    path("engagements/", views.EngagementList.as_view(), name="engagement_list"),
    path("engagements/<uuid:engagement_id>/", views.EngagementDetail.as_view(), name="engagement_detail"),
    path("jobs/<uuid:job_id>/", views.JobDetail.as_view(), name="job_detail"),
]
