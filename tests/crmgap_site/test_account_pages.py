"""Account and error pages wear the portal's look and keep the content policy."""

import pytest


@pytest.fixture(autouse=True)
def plain_static(settings, tmp_path):
    """Static addresses without a manifest: these tests collect nothing."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_entrance_pages_have_the_look_and_no_inline_code(client, path):
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert "portal.css" in page
    assert 'class="btn btn-primary"' in page
    assert " style=" not in page
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_wrong_sign_in_is_told_at_the_form(client):
    response = client.post("/accounts/login/", {"login": "nobody", "password": ""})
    page = response.content.decode()
    assert 'class="errorlist"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="id_password_error"' in page


@pytest.mark.django_db
def test_not_found_reads_the_same_everywhere(client):
    pages = {client.get(path).content for path in ("/nothing/", "/x/y/z", "/healthz/more/")}
    assert len(pages) == 1
    assert b"There is nothing here" in pages.pop()
