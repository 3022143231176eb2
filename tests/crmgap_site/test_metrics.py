"""Metrics add up over web processes, know no tenant, and are there for the holder of the token alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client

from crmgap_site import metrics
from practice import jobs
from practice.models import Job, Member
from practice.scope import practice_scope
from surveys.models import Delivery
from tests.crmgap_site.web import Site, status
from tests.factories.surveys import make_launched_wave
from tests.factories.world import CANARY, PRACTICE_CANARY, plant_world

TOKEN = "a-token-of-more-than-20-characters"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABELS = {"route", "method", "status", "kind", "state", "le", "version", "implementation", "major", "minor",
          "patchlevel", "generation"}  # fmt: skip


def read(text: str) -> dict[str, float]:
    """Return every sample by its name and labels."""
    return {f"{name}{{{labels or ''}}}": float(value) for name, labels, value in SAMPLE.findall(text)}


@pytest.fixture
def token(settings: Any) -> str:
    """Switch metrics on, with nothing remembered."""
    cache.clear()
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def ask(token: str) -> Any:
    """Ask for the metrics with a token."""
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.django_db
def test_metrics_are_off_without_a_token_in_the_settings() -> None:
    assert site_settings.METRICS_TOKEN == ""
    assert ask("").status_code == 404
    assert ask(TOKEN).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], "ü"])
def test_wrong_token_gets_the_page_that_is_not_there(token: str, given: str) -> None:
    assert ask(token).status_code == 200
    assert ask(given).status_code == 404
    assert Client().get("/metrics").status_code == 404


@pytest.mark.django_db
def test_totals_are_those_of_all_practices(token: str, owner_a: Member, owner_b: Member) -> None:
    for owner, n in ((owner_a, 5), (owner_b, 7)):
        with practice_scope(owner.practice):
            wave = make_launched_wave(owner, customers=n)
            wave.audiences.filter(audience="customers").update(state="open")
            kind = next(iter(jobs.KINDS))
            Job.objects.create(kind=kind, object_id=wave.pk)
            Job.objects.create(kind=kind, object_id=wave.pk, state="succeeded")
            invitations = Delivery.objects.filter(round="invitation").count()
            assert invitations == n
    found = read(ask(token).content.decode())
    assert found["crmgap_database_up{}"] == 1
    assert found['crmgap_deliveries{state="queued"}'] == 12
    assert found["crmgap_delivery_oldest_due_seconds{}"] >= 0
    assert found[f'crmgap_jobs{{kind="{kind}",state="queued"}}'] == 2
    assert found[f'crmgap_jobs{{kind="{kind}",state="succeeded"}}'] == 2
    assert 0 <= found[f'crmgap_job_oldest_due_seconds{{kind="{kind}"}}'] < 60
    assert found["crmgap_mixer_waiting{}"] == 0


@pytest.mark.django_db
def test_mixer_backlog_is_renewed_hourly_only(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[tuple[int, int]] = iter([(3, 0), (4, 1)])
    monkeypatch.setattr(metrics.survey_lookups, "mixer_totals", lambda now: next(answers))
    for _twice in range(2):
        assert read(ask(token).content.decode())["crmgap_mixer_waiting{}"] == 3


@pytest.mark.django_db
def test_database_that_is_down_is_said(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(metrics.lookups, "job_totals", fail)
    found = read(ask(token).content.decode())
    assert found["crmgap_database_up{}"] == 0
    assert not any(name.startswith("crmgap_jobs") for name in found)


def test_counts_of_all_web_processes_add_up_and_name_nobody(transactional_db: None, tmp_path: Path) -> None:
    world = plant_world(mode="confidential")
    site = Site(tmp_path, METRICS_TOKEN=TOKEN, WEB_PROCESSES="2")
    try:
        site.wait()
        for _number in range(20):
            assert status(site.send("GET", f"/s/{world.survey_token}/")) == 200
            assert status(site.send("GET", "/accounts/login/")) == 200
            assert status(site.send("GET", f"/{CANARY}/")) == 404
        assert (
            status(site.send("GET", "/api/v1/clients/", Authorization=f"Bearer {world.token_secret}")) == 200
        )
        assert status(site.send("GET", "/metrics")) == 404
        text = site.send("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
    finally:
        site.stop()
    found = read(text.replace("\r", ""))
    assert found['crmgap_requests_total{method="GET",route="respondent",status="200"}'] == 20
    assert found['crmgap_requests_total{method="GET",route="account_login",status="200"}'] == 20
    assert found['crmgap_requests_total{method="GET",route="none",status="404"}'] == 20
    assert found['crmgap_request_seconds_count{route="api:client_list"}'] == 1
    for secret in (
        CANARY,
        PRACTICE_CANARY,
        world.survey_token,
        world.token_secret,
        str(world.owner.practice_id),
    ):
        assert secret.lower() not in text.lower()
    assert {
        label for labels in re.findall(r"\{(.*?)\}", text) for label in re.findall(r"(\w+)=", labels)
    } <= LABELS
