"""Routes of the practice room's endpoints."""

from django.urls import path

from practice.api import tokens, views

urlpatterns = [
    path("clients/", views.ClientList.as_view(), name="client_list"),
    path("clients/<uuid:client_id>/", views.ClientDetail.as_view(), name="client_detail"),
    path("engagements/", views.EngagementList.as_view(), name="engagement_list"),
    path("engagements/<uuid:engagement_id>/", views.EngagementDetail.as_view(), name="engagement_detail"),
    path("jobs/", views.JobList.as_view(), name="job_list"),
    path("jobs/<uuid:job_id>/", views.JobDetail.as_view(), name="job_detail"),
    path("tokens/", tokens.TokenList.as_view(), name="token_list"),
    path("tokens/<uuid:token_id>/", tokens.TokenDetail.as_view(), name="token_detail"),
    path("tokens/<uuid:token_id>/rotate/", tokens.TokenRotate.as_view(), name="token_rotate"),
    path("tokens/<uuid:token_id>/revoke/", tokens.TokenRevoke.as_view(), name="token_revoke"),
]
