"""Routes of the surveys room's portal pages."""

from django.urls import path

from surveys.views import (
    attributes,
    collected,
    directory,
    field,
    launch,
    mail_test,
    mail_texts,
    mailbox,
    mails,
    next_wave,
    open_links,
    pace,
    people,
    questionnaire,
    queue,
    responses,
    returns,
    senders,
    suppressions,
    trial,
    wave_senders,
)

app_name = "surveys"
BASE = "p/<slug:slug>/engagements/<uuid:engagement_id>"
SENDERS = "p/<slug:slug>/settings/mail/senders"
CLIENT = "p/<slug:slug>/clients/<uuid:client_id>"
MAIL = f"{BASE}/launch/texts/<str:audience>/<str:round_code>/<str:language>"
ROUND = f"{BASE}/queue/<uuid:audience_id>/<str:round_code>"
urlpatterns = [
    path(f"{CLIENT}/people/", directory.client_people, name="client_people"),
    path(f"{CLIENT}/people/export/", directory.client_people_csv, name="client_people_csv"),
    path(f"{CLIENT}/people/<uuid:recipient_id>/", directory.client_person, name="client_person"),
    path(
        f"{CLIENT}/people/<uuid:recipient_id>/edit/", directory.client_person_edit, name="client_person_edit"
    ),
    path(
        f"{CLIENT}/people/<uuid:recipient_id>/opt-out/",
        directory.client_person_opt_out,
        name="client_person_opt_out",
    ),
    path(
        f"{CLIENT}/people/<uuid:recipient_id>/opt-out/lift/",
        directory.client_person_lift,
        name="client_person_lift",
    ),
    path(f"{BASE}/people/", people.people_list, name="people"),
    path(f"{BASE}/waves/new/", people.wave_create, name="wave_create"),
    path(f"{BASE}/waves/next/", next_wave.wave_next, name="wave_next"),
    path(f"{BASE}/people/export/", people.people_csv, name="people_csv"),
    path(f"{BASE}/people/import/", people.import_upload, name="import_upload"),
    path(f"{BASE}/people/import/<uuid:import_id>/", people.import_preview, name="import_preview"),
    path(f"{BASE}/people/import/<uuid:import_id>/columns/", people.import_mapping, name="import_mapping"),
    path(f"{BASE}/people/import/<uuid:import_id>/fix/", people.import_fix, name="import_fix"),
    path(f"{BASE}/people/import/<uuid:import_id>/confirm/", people.import_confirm, name="import_confirm"),
    path(f"{BASE}/people/import/<uuid:import_id>/discard/", people.import_discard, name="import_discard"),
    path(f"{BASE}/people/import/<uuid:import_id>/errors/", people.import_errors, name="import_errors"),
    path(f"{BASE}/collected/", collected.collected_page, name="collected"),
    path(f"{BASE}/collected/upload/", collected.collected_upload, name="collected_upload"),
    path(
        f"{BASE}/collected/<uuid:response_import_id>/", collected.collected_preview, name="collected_preview"
    ),
    path(
        f"{BASE}/collected/<uuid:response_import_id>/columns/",
        collected.collected_columns,
        name="collected_columns",
    ),
    path(
        f"{BASE}/collected/<uuid:response_import_id>/confirm/",
        collected.collected_confirm,
        name="collected_confirm",
    ),
    path(
        f"{BASE}/collected/<uuid:response_import_id>/discard/",
        collected.collected_discard,
        name="collected_discard",
    ),
    path(f"{BASE}/responses/", responses.responses_page, name="responses"),
    path(
        f"{BASE}/responses/<uuid:audience_id>/<str:file_type>/",
        responses.responses_file,
        name="responses_file",
    ),
    path(f"{BASE}/preview/<str:audience>/", questionnaire.form_preview, name="form_preview"),
    path(
        f"{BASE}/preview/<str:audience>/frame/", questionnaire.form_preview_frame, name="form_preview_frame"
    ),
    path(f"{BASE}/launch/profile/<uuid:audience_id>/", launch.audience_profile, name="audience_profile"),
    path(f"{BASE}/launch/groups/", attributes.attributes, name="attributes"),
    path(f"{BASE}/launch/groups/<uuid:audience_id>/", attributes.attributes_set, name="attributes_set"),
    path(f"{BASE}/forms/", questionnaire.forms_page, name="forms"),
    path(f"{BASE}/launch/", launch.launch_plan, name="launch"),
    path(f"{BASE}/launch/confirm/", launch.launch_confirm, name="launch_confirm"),
    path(f"{BASE}/launch/sender/", wave_senders.wave_sender, name="wave_sender"),
    path(f"{BASE}/launch/test/", trial.trial_send, name="trial_send"),
    path(f"{BASE}/launch/test/delete/", trial.trial_delete, name="trial_delete"),
    path(f"{BASE}/launch/start/", launch.launch_start, name="launch_start"),
    path(f"{BASE}/launch/<uuid:audience_id>/mode/", launch.audience_mode, name="audience_mode"),
    path(f"{BASE}/launch/texts/", mail_texts.texts_page, name="mail_texts"),
    path(f"{MAIL}/", mail_texts.mail_text, name="mail_text"),
    path(f"{MAIL}/frame/", mail_texts.mail_preview_frame, name="mail_preview_frame"),
    path(f"{MAIL}/source/", mail_texts.mail_preview_source, name="mail_preview_source"),
    path(f"{BASE}/queue/", queue.queue_page, name="queue"),
    path(f"{BASE}/queue/pause/", queue.mails_pause, name="mails_pause"),
    path(f"{BASE}/queue/resume/", queue.mails_resume, name="mails_resume"),
    path(f"{ROUND}/skip/", queue.round_skip, name="round_skip"),
    path(f"{ROUND}/restore/", queue.round_restore, name="round_restore"),
    path(f"{ROUND}/move/", queue.round_move, name="round_move"),
    path(f"{BASE}/queue/people/<uuid:recipient_id>/skip/", queue.person_skip, name="person_skip"),
    path(f"{BASE}/queue/people/<uuid:recipient_id>/restore/", queue.person_restore, name="person_restore"),
    path("p/<slug:slug>/settings/mail/pace/", pace.settings_mail_pace, name="settings_mail_pace"),
    path(f"{BASE}/field/", field.field_page, name="field"),
    path(f"{BASE}/field/audiences/", field.field_audiences, name="field_audiences"),
    path(f"{BASE}/field/mails/", mails.mails_page, name="mails"),
    path(f"{BASE}/field/mails/export/", mails.mails_csv, name="mails_csv"),
    path(f"{BASE}/field/mails/<uuid:delivery_id>/again/", mails.mail_again, name="mail_again"),
    path(f"{BASE}/field/<uuid:audience_id>/pause/", field.audience_pause, name="audience_pause"),
    path(f"{BASE}/field/<uuid:audience_id>/resume/", field.audience_resume, name="audience_resume"),
    path(f"{BASE}/field/<uuid:audience_id>/extend/", field.audience_extend, name="audience_extend"),
    path(f"{BASE}/field/<uuid:audience_id>/close/", field.audience_close, name="audience_close"),
    path(
        "p/<slug:slug>/settings/mail/senders/<uuid:sender_id>/returns/",
        returns.sender_returns,
        name="sender_returns",
    ),
    path(f"{BASE}/open-links/", open_links.open_links_page, name="open_links"),
    path(f"{BASE}/open-links/quotas/", open_links.quota_set, name="quota_set"),
    path(f"{BASE}/open-links/quotas/<uuid:quota_id>/remove/", open_links.quota_remove, name="quota_remove"),
    path(
        f"{BASE}/open-links/<uuid:open_link_id>/switch/", open_links.open_link_switch, name="open_link_switch"
    ),
    path(f"{BASE}/open-links/<uuid:open_link_id>/renew/", open_links.open_link_renew, name="open_link_renew"),
    path(
        f"{BASE}/open-links/<uuid:open_link_id>/delete/", open_links.open_link_delete, name="open_link_delete"
    ),
    path(f"{BASE}/open-links/<uuid:open_link_id>/sheet/", open_links.open_link_sheet, name="open_link_sheet"),
    path(
        f"{BASE}/open-links/<uuid:open_link_id>/<str:file_type>/",
        open_links.open_link_qr,
        name="open_link_qr",
    ),
    path("p/<slug:slug>/settings/mail/test/", mail_test.mail_test, name="settings_mail_test"),
    path("p/<slug:slug>/settings/suppressions/", suppressions.suppression_list, name="suppressions"),
    path("p/<slug:slug>/settings/suppressions/export/", suppressions.suppression_csv, name="suppression_csv"),
    path(
        "p/<slug:slug>/settings/suppressions/<uuid:suppression_id>/lift/",
        suppressions.suppression_lift,
        name="suppression_lift",
    ),
    path(f"{SENDERS}/new/", senders.sender_create, name="sender_create"),
    path(f"{SENDERS}/<uuid:sender_id>/", senders.sender_detail, name="sender"),
    path(f"{SENDERS}/<uuid:sender_id>/test/", senders.sender_test, name="sender_test"),
    path(f"{SENDERS}/<uuid:sender_id>/confirm/<str:code>/", senders.sender_confirm, name="sender_confirm"),
    path(f"{SENDERS}/<uuid:sender_id>/default/", senders.sender_default, name="sender_default"),
    path(f"{SENDERS}/<uuid:sender_id>/dns/", senders.sender_dns, name="sender_dns"),
    path(f"{SENDERS}/<uuid:sender_id>/key/", senders.sender_key, name="sender_key"),
    path(f"{SENDERS}/<uuid:sender_id>/delete/", senders.sender_delete, name="sender_delete"),
    path("p/<slug:slug>/mailbox/", mailbox.mailbox_list, name="mailbox"),
    path("p/<slug:slug>/mailbox/<str:message>/", mailbox.mailbox_mail, name="mailbox_mail"),
]
