"""Twenty people press the same button at once, over real HTTP: one wave, one set of mails, twenty equal answers."""

import json
import re
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from practice import services
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.models import Delivery, SurveyLink, Wave
from tests.factories.practice import found_practice
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS, PEOPLE = 20, 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def ask(url: str, data: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
    """Post once over a connection of its own; return status, target and body."""
    request = urllib.request.Request(url, data=data, headers=headers, method="POST")  # noqa: S310  our own server
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
            return answer.status, "", answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", ""), answer.read()


def plan() -> tuple[Member, Wave]:
    owner = found_practice("Parallel")
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        add_people(wave, "customers", PEOPLE)
        return owner, wave


def assert_launched_once(owner: Member) -> None:
    with practice_scope(owner.practice):
        assert Wave.objects.count() == 1
        assert Counter(Delivery.objects.values_list("round", flat=True)) == {
            "invitation": PEOPLE, "reminder_1": PEOPLE, "reminder_2": PEOPLE
        }  # fmt: skip
        assert SurveyLink.objects.count() == PEOPLE
        assert AuditEntry.objects.filter(verb="wave.launched").count() == 1


def test_twenty_posts_of_the_launch_button(live_server: Any) -> None:
    owner, wave = plan()
    client = Client()
    client.force_login(owner.user)
    path = f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/launch/"
    form = client.get(f"{path}confirm/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert found is not None
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = {"Cookie": cookies, "Referer": f"{settings.BASE_URL}/", "Origin": settings.BASE_URL}
    body = f"csrfmiddlewaretoken={found[1]}".encode()
    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(
            pool.map(lambda _n: ask(f"{live_server.url}{path}start/", body, headers), range(CLICKS))
        )
    assert len(set(answers)) == 1, Counter(answer[:2] for answer in answers)
    assert answers[0][0] == 302
    assert answers[0][1].endswith("/field/")
    assert_launched_once(owner)


def test_twenty_calls_with_one_key_and_another_body_with_it(live_server: Any) -> None:
    owner, wave = plan()
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=owner, name="launcher", actor=owner)
    headers = {
        "Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Idempotency-Key": "launch-1"
    }  # fmt: skip
    address = f"{live_server.url}/api/v1/waves/{wave.pk}/launch/"

    def call(_number: int) -> tuple[int, bytes]:
        for _try in range(200):
            status, _target, body = ask(address, b"{}", headers)
            if status != 409:  # the first call with this key still runs: ask again, as the answer says
                return status, body
        raise AssertionError("no answer")

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = set(pool.map(call, range(CLICKS)))
    assert len(answers) == 1
    ((status, body),) = answers
    assert status == 200
    assert json.loads(body)["launched_at"]
    assert_launched_once(owner)
    status, _target, body = ask(address, b'{"other": 1}', headers)
    assert status == 422
    assert json.loads(body)["code"] == "key_reused"
    assert_launched_once(owner)
