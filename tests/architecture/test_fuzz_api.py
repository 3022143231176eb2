"""Whatever is sent to the API gets an answer, never a server error; what is refused says which field is wrong.

Requests are drawn from the OpenAPI document, valid and broken ones, with ids of a planted practice and
its owner's token.
`./test` sends some hundred, `./test --long` ten thousand.
"""

import json
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core import NOT_SET

from tests.architecture.test_access import CHOICES
from tests.factories.world import World, plant_world

pytestmark = pytest.mark.django_db
SCHEMA = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(SCHEMA).get_all_operations()]
FEW, MANY = 400, 10_000
PROBLEM = "application/problem+json"


def send(case: Any, path: str, client: Client) -> Any:
    """Send a drawn case as a client would: JSON, or a form with a file."""
    body, content_type = "", "application/json"
    if case.body is not NOT_SET and case.media_type == "multipart/form-data":
        fields = case.body if isinstance(case.body, dict) else {}
        body = encode_multipart(BOUNDARY, {name: as_text(value) for name, value in fields.items()})
        content_type = MULTIPART_CONTENT
    elif case.body is not NOT_SET:
        body = json.dumps(case.body)
    query = {name: as_text(value) for name, value in (case.query or {}).items()}
    return client.generic(case.method, path, data=body, content_type=content_type, query_params=query)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def check(answer: Any) -> None:
    assert answer.status_code < 500
    if answer.status_code < 400 or answer.status_code == 404:
        return
    assert answer["Content-Type"].startswith(PROBLEM), (answer.status_code, answer["Content-Type"])
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    if answer.status_code == 422:
        assert problem["fields"], problem


def fuzz(operation: Any, world: World, examples: int) -> None:
    """Send so many drawn requests to one operation; nothing one of them writes is there for the next."""
    known = {**CHOICES, **world.ids}
    client = Client(headers={"Authorization": f"Bearer {world.token_secret}"})

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < MANY // len(OPERATIONS),
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), with_known_ids=st.integers(0, 9))
    def run(case: Any, with_known_ids: int) -> None:
        parameters = dict(case.path_parameters or {})
        if with_known_ids:
            parameters |= {name: str(known[name]) for name in parameters if name in known}
        path = "/api/v1/" + operation.path.removeprefix("/api/v1/").format(**parameters)
        with transaction.atomic():
            check(send(case, path.replace("\x00", "%00"), client))
            transaction.set_rollback(True)

    run()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_some_hundred_requests(operation: Any, settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    fuzz(operation, plant_world(), max(FEW // len(OPERATIONS), 5))


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_ten_thousand_requests(operation: Any, settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    fuzz(operation, plant_world(), MANY // len(OPERATIONS) + 1)
