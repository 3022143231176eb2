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
from diagnosis.wave_change import change_since_earlier_wave
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
    """Two interruptions, then the rest: the same people, answered once a wave, two diagnoses, documents to download."""
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
        waves = list(Wave.objects.filter(kind=WaveKind.SAMPLE).order_by("number"))
        assert [found.number for found in waves] == [1, 2]
        for found in waves:
            assert_measured(found)
        first, second = (Diagnosis.objects.get(wave=found) for found in waves)
        accepted = Finding.objects.filter(decision=Decision.ACCEPTED)
        planned = Action.objects.filter(state=ActionState.PLANNED)
        for diagnosis in (first, second):
            assert accepted.filter(diagnosis=diagnosis).count() == outcome.N_ACCEPTED_FINDINGS
        # The second wave has lost less: as many actions as its findings recommend without a question to settle first.
        ready = Action.objects.filter(diagnosis=second, question="").count()
        assert planned.filter(diagnosis=second).count() == min(ready, outcome.N_PLANNED_ACTIONS) >= 5
        agreed = Action.objects.filter(diagnosis=first, state__in=[ActionState.DONE, ActionState.RUNNING])
        assert agreed.count() == outcome.N_PLANNED_ACTIONS
        assert agreed.filter(state=ActionState.RUNNING).count() == 1
        assert not (planned | agreed).filter(due_on=None).exists()
        assert not (planned | agreed).filter(owner="").exists()
        assert_compared(second)
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


def assert_measured(found: Wave) -> None:
    """Everybody was asked, the right number answered, and nobody's answers are left unreleased."""
    assert found.closed_at is not None
    for asked in company.ASKED:
        audience = WaveAudience.objects.get(wave=found, audience=asked.audience)
        assert audience.state == AudienceState.RELEASED
        assert Recipient.objects.filter(wave_audience=audience).count() == asked.invited
        ledger = LedgerEntry.objects.filter(wave_audience=audience, submitted=True)
        assert ledger.count() == asked.finished
        assert Response.objects.filter(wave_audience=audience).count() == asked.finished
        started = asked.finished + asked.given_up
        assert audience.totals == {"started": started, "finished": asked.finished}


def assert_compared(second: Diagnosis) -> None:
    """The company moved as it was drawn: what customers get rose, in R3 only the wish fell."""
    found = change_since_earlier_wave(second)
    assert found is not None
    total = found.comparison.at("E1")
    assert total is not None
    assert total.before is not None
    assert -1.5 < total.before < -0.9
    assert total.verdict == "smaller"
    received, wanted = (6 * 0.45 + 0.90 + 0.85) / 9, -0.60 / 9
    for shift, truth in ((total.later, received), (total.earlier, wanted)):
        assert shift is not None
        assert shift.ci_low is not None
        assert shift.ci_high is not None
        error = (shift.ci_high - shift.ci_low) / 2 / 1.96
        assert (
            abs(shift.estimate - truth) < 4 * error
        )  # one fixed draw: a 95 % interval misses once in twenty
    assert total.later is not None
    assert total.later.moved
    r3 = found.comparison.at("E1", "R3")
    assert r3 is not None
    assert (r3.verdict, r3.driver) == ("smaller", "earlier")
    assert len(found.actions) == outcome.N_PLANNED_ACTIONS
    document = Report.objects.get(kind=ReportKind.DIAGNOSIS).document
    assert document["change"]["earlier_wave"] == "Wave 1"


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
