"""Idempotency-Key: the same call twice is done once, whatever happens between; another call with its key is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from practice import services
from practice.models import ClientOrganisation, KeptAnswer, Member
from practice.scope import practice_scope
from tests.factories.practice import found_practice
from tests.factories.surveys import make_wave

pytestmark = pytest.mark.django_db
CSV = b"email,name,audience\na@example.org,Ada,customer\n"


def secret_of(owner: Member) -> str:
    with practice_scope(owner.practice):
        return services.create_api_token(member=owner, name="once", actor=owner)[1]


def post(secret: str, key: str, data: Any, path: str = "clients/") -> Any:
    return Client().generic(
        "POST", f"/api/v1/{path}", json.dumps(data), "application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
    )  # fmt: skip


def n_clients(owner: Member) -> int:
    with practice_scope(owner.practice):
        return ClientOrganisation.objects.count()


def test_the_same_call_gets_the_same_answer_and_is_done_once(owner_a: Member) -> None:
    secret = secret_of(owner_a)
    first, again = (post(secret, "k1", {"name": "Alpenbank"}) for _time in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert again["Idempotent-Replayed"] == "true"
    assert n_clients(owner_a) == 1


def test_another_call_with_the_key_is_refused_and_does_nothing(owner_a: Member) -> None:
    secret = secret_of(owner_a)
    post(secret, "k1", {"name": "Alpenbank"})
    for answer in (
        post(secret, "k1", {"name": "Birkenbank"}),
        post(secret, "k1", {"name": "Alpenbank"}, "engagements/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
        assert list(answer.json()["fields"]) == ["Idempotency-Key"]
    assert n_clients(owner_a) == 1


def test_keys_belong_to_one_token_and_one_practice(owner_a: Member, owner_b: Member) -> None:
    for owner in (owner_a, owner_a, owner_b):
        post(secret_of(owner), "k1", {"name": f"Bank {KeptAnswer.__name__} {owner.pk} {timezone.now()}"})
    assert (n_clients(owner_a), n_clients(owner_b)) == (2, 1)


def test_a_refused_call_may_be_corrected_with_its_key(owner_a: Member) -> None:
    secret = secret_of(owner_a)
    assert post(secret, "k1", {"name": ""}).status_code == 422
    assert post(secret, "k1", {"name": "Alpenbank"}).status_code == 201


def test_after_a_day_the_key_is_forgotten(owner_a: Member) -> None:
    secret = secret_of(owner_a)
    post(secret, "k1", {"name": "Alpenbank"})
    with practice_scope(owner_a.practice):
        KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post(secret, "k1", {"name": "Birkenbank"}).status_code == 201
    with practice_scope(owner_a.practice):
        assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 101])
def test_impossible_keys_are_named(key: str, owner_a: Member) -> None:
    answer = post(secret_of(owner_a), key, {"name": "Alpenbank"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["Idempotency-Key"])
    assert n_clients(owner_a) == 0


def test_secrets_are_never_kept(owner_a: Member) -> None:
    body = {"name": "x", "scopes": ["read:engagements"], "days": 7}
    answer = post(secret_of(owner_a), "k1", body, "tokens/")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_header")


def test_an_upload_sent_again_is_the_same_call(owner_a: Member) -> None:
    secret = secret_of(owner_a)
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)

    def send(content: bytes) -> Any:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "list"}
        file = SimpleUploadedFile("people.csv", content)
        return Client().post(f"/api/v1/waves/{wave.pk}/people/", {"file": file}, headers=headers)

    first, again = send(CSV), send(CSV)
    assert first.json()["id"] == again.json()["id"]
    assert again["Idempotent-Replayed"] == "true"
    assert send(CSV + b"b@example.org,Bob,customer\n").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_moment_do_it_once() -> None:
    owner = found_practice("Parallel")
    secret, barrier = secret_of(owner), Barrier(8, timeout=30)

    def call(_number: int) -> int:
        barrier.wait()
        try:
            status: int = post(secret, "k1", {"name": "Alpenbank"}).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(call, range(8)))
    assert 201 in found
    assert found <= {201, 409}
    assert n_clients(owner) == 1
