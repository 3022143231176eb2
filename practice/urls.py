"""Routes of the practice room."""

from django.urls import path, re_path

from practice.accent import VERSION
from practice.views import audit, brand, clients, invitations, practices, profile, settings, tokens

app_name = "practice"
urlpatterns = [
    path("practices/new/", practices.practice_create, name="practice_create"),
    path("p/<slug:slug>/clients/", clients.client_list, name="client_list"),
    path("p/<slug:slug>/clients/new/", clients.client_create, name="client_create"),
    path("p/<slug:slug>/clients/<uuid:client_id>/", clients.client_detail, name="client_detail"),
    path("p/<slug:slug>/clients/<uuid:client_id>/edit/", clients.client_edit, name="client_edit"),
    path("p/<slug:slug>/settings/", settings.settings_practice, name="settings_practice"),
    path("p/<slug:slug>/settings/brand/", brand.settings_brand, name="settings_brand"),
    path("p/<slug:slug>/settings/brand/logo/", brand.practice_logo, name="settings_logo"),
    path("p/<slug:slug>/clients/<uuid:client_id>/logo/", brand.client_logo, name="client_logo"),
    path("p/<slug:slug>/logo/<uuid:logo_id>/", brand.logo, name="logo"),
    re_path(rf"^accent/{VERSION}-(?P<colour>[0-9a-f]{{6}})\.css\Z", brand.accent_style, name="accent"),
    path("p/<slug:slug>/settings/team/", settings.settings_team, name="settings_team"),
    path("p/<slug:slug>/settings/team/<uuid:member_id>/", settings.member_edit, name="member_edit"),
    path(
        "p/<slug:slug>/settings/team/invitations/<uuid:invitation_id>/resend/",
        invitations.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "p/<slug:slug>/settings/team/invitations/<uuid:invitation_id>/revoke/",
        invitations.invitation_revoke,
        name="invitation_revoke",
    ),
    path("profile/", profile.profile, name="profile"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("p/<slug:slug>/settings/mail/", settings.settings_mail, name="settings_mail"),
    path("p/<slug:slug>/settings/tokens/", tokens.settings_tokens, name="settings_tokens"),
    path("p/<slug:slug>/settings/tokens/<uuid:token_id>/rotate/", tokens.token_rotate, name="token_rotate"),
    path("p/<slug:slug>/settings/tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("p/<slug:slug>/settings/audit/", audit.settings_audit, name="settings_audit"),
    path("p/<slug:slug>/settings/audit/export/", audit.audit_export, name="settings_audit_export"),
]
