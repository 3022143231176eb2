"""The OpenAPI document describes every endpoint without a guess."""

import io

from django.conf import settings
from django.core.management import call_command


def test_openapi_document_is_valid_and_has_no_warnings() -> None:
    text = io.StringIO()
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=text)
    assert "/api/v1/waves/{wave_id}/launch/" in text.getvalue()


def test_the_document_kept_in_docs_is_the_one_served() -> None:
    text = io.StringIO()
    call_command("spectacular", stdout=text)
    kept = (settings.BASE_DIR / "docs" / "openapi.yaml").read_text()
    renew = "./start manage spectacular --file docs/openapi.yaml"
    assert kept == text.getvalue(), f"The API has changed. If that is meant, renew the kept document: {renew}"
