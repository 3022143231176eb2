"""Routes of the surveys room's endpoints."""

from django.urls import path

from surveys.api import collected, mails, open_links, responses, senders, trial, views

TEXT = "waves/<uuid:wave_id>/texts/<str:audience>/<str:round_code>/<str:language>"
ROUND = "audiences/<uuid:audience_id>/rounds/<str:round_code>"
OPEN_LINK = "open-links/<uuid:open_link_id>"
PERSON = "waves/<uuid:wave_id>/people/<uuid:recipient_id>/mails"
urlpatterns = [
    path("engagements/<uuid:engagement_id>/waves/", views.EngagementWaves.as_view(), name="engagement_waves"),
    path("waves/<uuid:wave_id>/", views.WaveDetail.as_view(), name="wave_detail"),
    path("waves/<uuid:wave_id>/people/", views.WavePeople.as_view(), name="wave_people"),
    path("waves/<uuid:wave_id>/mails/", views.WaveMails.as_view(), name="wave_mails"),
    path("waves/<uuid:wave_id>/launch/", views.WaveLaunch.as_view(), name="wave_launch"),
    path("waves/<uuid:wave_id>/plan/", mails.WavePlan.as_view(), name="wave_plan"),
    path("waves/<uuid:wave_id>/sender/", senders.WaveSender.as_view(), name="wave_sender"),
    path("waves/<uuid:wave_id>/texts/", mails.WaveTexts.as_view(), name="wave_texts"),
    path(f"{TEXT}/", mails.WaveText.as_view(), name="wave_text"),
    path(f"{TEXT}/preview/", mails.WaveTextPreview.as_view(), name="wave_text_preview"),
    path("waves/<uuid:wave_id>/queue/", mails.WaveQueue.as_view(), name="wave_queue"),
    path("waves/<uuid:wave_id>/queue/pause/", mails.WaveMailsAct.as_view(act="pause"), name="queue_pause"),
    path("waves/<uuid:wave_id>/queue/resume/", mails.WaveMailsAct.as_view(act="resume"), name="queue_resume"),
    path(f"{ROUND}/skip/", mails.RoundAct.as_view(act="skip"), name="round_skip"),
    path(f"{ROUND}/restore/", mails.RoundAct.as_view(act="restore"), name="round_restore"),
    path(f"{ROUND}/move/", mails.RoundMove.as_view(), name="round_move"),
    path(f"{PERSON}/skip/", mails.PersonMails.as_view(act="skip"), name="person_skip"),
    path(f"{PERSON}/restore/", mails.PersonMails.as_view(act="restore"), name="person_restore"),
    path("waves/<uuid:wave_id>/forms/", trial.WaveForms.as_view(), name="wave_forms"),
    path("waves/<uuid:wave_id>/tests/", trial.WaveTests.as_view(), name="wave_tests"),
    path("waves/<uuid:wave_id>/next/", views.WaveNext.as_view(), name="wave_next"),
    path("waves/<uuid:wave_id>/close/", views.WaveClose.as_view(), name="wave_close"),
    path("waves/<uuid:wave_id>/open-links/", open_links.WaveOpenLinks.as_view(), name="wave_open_links"),
    path("waves/<uuid:wave_id>/quotas/", open_links.WaveQuotas.as_view(), name="wave_quotas"),
    path("quotas/<uuid:quota_id>/", open_links.QuotaDetail.as_view(), name="quota_detail"),
    path(f"{OPEN_LINK}/", open_links.OpenLinkDetail.as_view(), name="open_link_detail"),
    path(f"{OPEN_LINK}/renew/", open_links.OpenLinkRenew.as_view(), name="open_link_renew"),
    path(f"{OPEN_LINK}/qr/<str:file_type>/", open_links.OpenLinkQr.as_view(), name="open_link_qr"),
    path("imports/<uuid:import_id>/", views.ImportDetail.as_view(), name="import_detail"),
    path("imports/<uuid:import_id>/confirm/", views.ImportConfirm.as_view(), name="import_confirm"),
    path(
        "audiences/<uuid:audience_id>/responses/",
        collected.AudienceResponses.as_view(),
        name="audience_responses",
    ),
    path(
        "audiences/<uuid:audience_id>/responses/<str:file_type>/",
        responses.AudienceResponsesFile.as_view(),
        name="audience_responses_file",
    ),
    path("audiences/<uuid:audience_id>/mode/", views.AudienceMode.as_view(), name="audience_mode"),
    path(
        "audiences/<uuid:audience_id>/pause/", views.AudienceAct.as_view(act="pause"), name="audience_pause"
    ),
    path(
        "audiences/<uuid:audience_id>/resume/",
        views.AudienceAct.as_view(act="resume"),
        name="audience_resume",
    ),
    path(
        "audiences/<uuid:audience_id>/close/", views.AudienceAct.as_view(act="close"), name="audience_close"
    ),
    path("mailbox/", views.MailboxList.as_view(), name="mailbox"),
    path("mailbox/<str:message>/", views.MailboxMail.as_view(), name="mailbox_mail"),
]
