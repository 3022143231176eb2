"""Routes of respondents under /s/; whatever else is asked for there gets the page of an unknown link."""

from django.urls import path, re_path

from surveys import respondent_data_views as data_views
from surveys import respondent_views as views

app_name = "respondent"
urlpatterns = [
    path("r/<str:ref>/", views.resume, name="resume"),
    path("r/<str:ref>/data/", data_views.own_data_page, name="own_data"),
    path("r/<str:ref>/<int:number>/", views.page, name="page"),
    path("u/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("o/<str:token>/", views.open_landing, name="open_landing"),
    path("o/<str:token>/reset/", views.kiosk_reset, name="kiosk_reset"),
    path("logo/<uuid:logo_id>/", views.logo, name="logo"),
    re_path(r"^(?P<token>[^/]+)/data/?\Z", data_views.data_page, name="data"),
    re_path(r"^(?P<token>[^/]+)/?\Z", views.landing, name="landing"),
    re_path(r"^[\s\S]*\Z", views.unknown, name="unknown"),
]
