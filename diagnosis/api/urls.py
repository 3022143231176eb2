"""Routes of the diagnosis room's endpoints."""

from django.urls import path

from diagnosis.api import views

urlpatterns = [
    path("waves/<uuid:wave_id>/diagnoses/", views.WaveDiagnoses.as_view(), name="wave_diagnoses"),
    path("diagnoses/<uuid:diagnosis_id>/", views.DiagnosisDetail.as_view(), name="diagnosis_detail"),
    path("diagnoses/<uuid:diagnosis_id>/change/", views.DiagnosisChange.as_view(), name="diagnosis_change"),
    path("diagnoses/<uuid:diagnosis_id>/tables/", views.DiagnosisTables.as_view(), name="diagnosis_tables"),
    path(
        "diagnoses/<uuid:diagnosis_id>/findings/",
        views.DiagnosisFindings.as_view(),
        name="diagnosis_findings",
    ),
    path(
        "diagnoses/<uuid:diagnosis_id>/comments/",
        views.DiagnosisComments.as_view(),
        name="diagnosis_comments",
    ),
    path("comments/<uuid:comment_id>/choice/", views.CommentChoose.as_view(), name="comment_choice"),
    path("findings/<uuid:finding_id>/decision/", views.FindingDecision.as_view(), name="finding_decision"),
    path(
        "engagements/<uuid:engagement_id>/actions/",
        views.EngagementActions.as_view(),
        name="engagement_actions",
    ),
    path("actions/<uuid:action_id>/", views.ActionDetail.as_view(), name="action_detail"),
]
