"""The short way of respondents' pages keeps what the long one gives: headers, refused hosts, lost connections."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.surveys.answering.browser import Browser
from tests.surveys.answering.builder import launch

KEPT = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Cross-Origin-Opener-Policy")


@pytest.mark.django_db
def test_pages_carry_the_headers_of_every_page():
    survey, portal = Client().get(f"/s/{'x' * 22}/"), Client().get("/accounts/login/")
    for name in KEPT:
        assert survey[name] == portal[name]
    assert survey["X-Request-Id"]
    assert survey["Content-Length"] == str(len(survey.content))


@pytest.mark.django_db
def test_hostile_host_is_refused():
    assert Client().get(f"/s/{'x' * 22}/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.django_db
def test_form_gets_its_csrf_cookie():
    browser = Browser().start(launch(1).tokens[0])
    assert settings.CSRF_COOKIE_NAME in browser.client.cookies
    assert settings.SESSION_COOKIE_NAME not in browser.client.cookies


@pytest.mark.django_db(transaction=True)
def test_connection_that_the_server_has_closed_is_opened_anew():
    token = launch(1).tokens[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    other.close()
    assert Browser().open(f"/s/{token}/").status == 200
