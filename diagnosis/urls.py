"""Routes of the diagnosis room, all inside an engagement."""

from django.urls import include, path

from diagnosis.views import actions, comments, diagnoses, findings, left_out, published, sampling, wave_change

app_name = "diagnosis"

engagement_patterns = [
    path("diagnosis/", diagnoses.diagnosis_detail, name="diagnosis_detail"),
    path("diagnosis/request/", diagnoses.diagnosis_request, name="diagnosis_request"),
    path("diagnosis/progress/", diagnoses.diagnosis_progress, name="diagnosis_progress"),
    path("diagnosis/summary/", diagnoses.diagnosis_summary, name="diagnosis_summary"),
    path("diagnosis/comments/", comments.comments, name="comments"),
    path("diagnosis/comments/<uuid:comment_id>/choose/", comments.comment_choose, name="comment_choose"),
    path("diagnosis/left-out/", left_out.left_out_page, name="left_out"),
    path("diagnosis/left-out/apply/", left_out.left_out_apply, name="left_out_apply"),
    path("diagnosis/tables.xlsx", diagnoses.diagnosis_tables, name="diagnosis_tables"),
    path("diagnosis/change/", wave_change.wave_change, name="wave_change"),
    path("diagnosis/gap/<str:gap>/", diagnoses.gap_sheet, name="gap_sheet"),
    path("diagnosis/published-table/", published.published_table, name="published_table"),
    path("sampling/", sampling.sampling_page, name="sampling"),
    path("findings/", findings.findings, name="findings"),
    path("findings/<uuid:finding_id>/decide/", findings.finding_decide, name="finding_decide"),
    path("actions/", actions.actions, name="actions"),
    path("actions/new/", actions.action_create, name="action_create"),
    path("actions/<uuid:action_id>/", actions.action_edit, name="action_edit"),
]
urlpatterns = [path("p/<slug:slug>/engagements/<uuid:engagement_id>/", include(engagement_patterns))]
