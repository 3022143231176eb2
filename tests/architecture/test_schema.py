"""The OpenAPI document describes every endpoint without a guess."""

import io

from django.core.management import call_command


def test_openapi_document_is_valid_and_has_no_warnings() -> None:
    text = io.StringIO()
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=text)
    assert "/api/v1/waves/{wave_id}/launch/" in text.getvalue()
