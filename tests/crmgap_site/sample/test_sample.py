"""The sample is made through the services, as a whole or in pieces after an interruption, and says how to sign in."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client

from crmgap_site.sample import account, answers, company, creation, outcome, wave
from diagnosis.enums import ActionState, Decision
from diagnosis.models import Action, Diagnosis, Finding
from practice.models import Engagement, Member
from practice.scope import practice_scope
from reports.enums import ReportKind
from reports.models import Report
from surveys.enums import AudienceState, WaveKind
from surveys.models import LedgerEntry, Recipient, Response, Wave, WaveAudience

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alone(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no worker be waited for, and keep the sign-in file in the test's own folder."""
    settings.VAR_DIR = tmp_path
    settings.SMTP_HOST = ""
    monkeypatch.setattr(creation, "MAIL_PATIENCE", 0.0)
    monkeypatch.setattr(outcome, "WORKER_PATIENCE", 0.0)


def stop_after(n_calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that is interrupted at the given call."""
    left = iter(range(n_calls))

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return interrupted


@pytest.fixture
def owner() -> Iterator[Member]:
    """Return the owner of the sample practice with its scope open."""
    found = account.found_sample_practice()
    with practice_scope(found.practice):
        yield found


def test_people_are_different_and_many_enough() -> None:
    everybody = list(company.people())
    assert (
        len({person.email for person in everybody}) == len(everybody) == sum(a.invited for a in company.ASKED)
    )
    assert all(person.email.endswith(".example") for person in everybody)
    assert {person.attributes.get("Region") for person in everybody} == {"North", "Centre", "South", None}
    assert company.people_csv().decode().count("\r\n") == len(everybody) + 1


def test_interrupted_sample_is_completed(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    """Two interruptions, then the rest: the same people, answered once, one diagnosis, two documents to download."""
    said: list[str] = []
    for room, name, n_calls in ((answers, "_give", 45), (outcome, "decide", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(room, name, stop_after(n_calls, getattr(room, name)))
            with pytest.raises(KeyboardInterrupt):
                creation.create_sample(said.append)
    assert not account.sign_in_file().exists()
    assert creation.create_sample(said.append)
    assert not creation.create_sample(said.append)

    owner = account.find_owner()
    assert owner is not None
    with practice_scope(owner.practice):
        assert Engagement.objects.count() == 2
        assert Wave.objects.get(kind=WaveKind.SAMPLE).closed_at is not None
        for asked in company.ASKED:
            audience = WaveAudience.objects.get(wave__kind=WaveKind.SAMPLE, audience=asked.audience)
            assert audience.state == AudienceState.RELEASED
            assert Recipient.objects.filter(wave_audience=audience).count() == asked.invited
            assert (
                LedgerEntry.objects.filter(wave_audience=audience, submitted=True).count() == asked.finished
            )
            assert Response.objects.filter(wave_audience=audience).count() == asked.finished
            assert audience.totals == {
                "started": asked.finished + asked.given_up,
                "finished": asked.finished,
            }
        diagnosis = Diagnosis.objects.get()
        gap = next(gap for gap in diagnosis.result["gaps"] if gap["code"] == "E1")
        assert -1.5 < gap["overall"]["estimate"] < -0.9
        assert gap["overall"]["certainty"] == "clear"
        accepted = Finding.objects.filter(decision=Decision.ACCEPTED)
        assert accepted.count() == outcome.N_ACCEPTED_FINDINGS
        planned = Action.objects.filter(state=ActionState.PLANNED)
        assert planned.count() == outcome.N_PLANNED_ACTIONS
        assert not planned.filter(due_on=None).exists()
        assert not planned.filter(owner="").exists()
        kinds = {(report.kind, report.state) for report in Report.objects.all()}
        assert kinds == {(kind, "succeeded") for kind in ReportKind.values}
        assert Report.objects.count() == len(ReportKind.values)
    sign_in = json.loads(account.sign_in_file().read_text())
    assert not any(sign_in["password"] in line for line in said)
    client.post("/accounts/login/", {"login": sign_in["email"], "password": sign_in["password"]})
    assert len(sign_in["report_urls"]) == len(ReportKind.values)
    for url in sign_in["report_urls"]:
        answer = client.get(url.removeprefix(site_settings.BASE_URL))
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"


def test_sign_in_file_lets_one_in(owner: Member, client: Client) -> None:
    account.write_sign_in(owner, ["http://localhost:8000/x"])
    path = account.sign_in_file()
    sign_in = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sign_in["report_urls"] == ["http://localhost:8000/x"]
    fields = {"login": sign_in["email"], "password": sign_in["password"]}
    answer = client.post("/accounts/login/", fields)
    assert answer.status_code == 302
    assert answer["Location"] == site_settings.LOGIN_REDIRECT_URL


def test_second_engagement_waits_for_people(owner: Member) -> None:
    wave.set_up(owner)
    second = Wave.objects.get(kind=WaveKind.LIVE)
    assert second.engagement.client_organisation.name == company.SECOND_CLIENT["name"]
    assert not Recipient.objects.filter(wave_audience__wave=second).exists()
    assert wave.set_up(owner).kind == WaveKind.SAMPLE
    assert Wave.objects.count() == 2
