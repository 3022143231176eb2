"""Asking, computing, deciding, planning: with real rows, the real job and both walls."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Model
from django.http import Http404

from diagnosis import computing, selectors, services
from diagnosis.enums import ActionState, Decision, DiagnosisState
from diagnosis.exceptions import NothingReleasedError
from diagnosis.models import Action, Comment, Diagnosis, Finding, Snapshot
from diagnosis.result import Result
from diagnosis.tasks import compute_diagnosis
from practice import jobs
from practice.enums import JobState, Role
from practice.exceptions import InvalidInputError, NotAllowedError, WrongStateError
from practice.models import AuditEntry, Engagement, Job, Member
from practice.scope import practice_scope
from surveys.instruments import load_builtin
from surveys.models import Response, Wave, WaveAudience
from surveys.signals import wave_closed
from surveys.simulation import SAMPLE_TRUTH, draw_responses
from tests.factories.practice import make_client, make_engagement, make_member

pytestmark = pytest.mark.django_db

SIZES = {"customers": 40, "managers": 8, "front_line": 15, "crm_team": 6}


def make_wave(engagement: Engagement, *, state: str = "released", named: str = "") -> Wave:
    """A wave with drawn answers of four audiences (scope must be open)."""
    instrument = load_builtin("die-crm")
    wave = Wave.objects.create(
        engagement=engagement,
        name="Wave 1",
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
    )
    for place, (audience, n) in enumerate(SIZES.items()):
        form = instrument.form_for(audience)
        wave_audience = WaveAudience.objects.create(
            wave=wave,
            audience=audience,
            form=form.code,
            mode="named" if audience == named else "confidential",
            state=state,
            totals={"started": n, "finished": n},
        )
        Response.objects.bulk_create(
            Response(
                wave_audience=wave_audience,
                scores=one.scores,
                record={"choices": one.choices, "texts": one.texts},
                attributes={},
                flags=[],
            )
            for one in draw_responses(form, SAMPLE_TRUTH, n, place + 1)
        )
    return wave


@pytest.fixture
def engagement(owner_a: Member, scope_a: Any) -> Engagement:
    """An engagement in the open scope of practice A."""
    return make_engagement(owner_a)


@pytest.fixture
def wave(engagement: Engagement) -> Wave:
    """A released wave."""
    return make_wave(engagement)


def compute(diagnosis: Diagnosis) -> Diagnosis:
    """Run the diagnosis' job as the worker does."""
    job = Job.objects.get(kind="diagnosis", object_id=diagnosis.pk)
    computing.compute_diagnosis(diagnosis.practice_id, job.pk)
    diagnosis.refresh_from_db()
    return diagnosis


@pytest.fixture
def done(wave: Wave, owner_a: Member) -> Diagnosis:
    """A computed diagnosis."""
    return compute(services.request_diagnosis(wave, owner_a))


def verbs(row: Model) -> list[str]:
    """Audit verbs of a row, oldest first."""
    entries = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("id")
    return list(entries.values_list("verb", flat=True))


def test_a_diagnosis_is_computed_with_findings_and_proposed_actions(done: Diagnosis) -> None:
    assert done.state == DiagnosisState.SUCCEEDED
    result = Result.from_json(done.result)
    gaps = {gap.code: gap.overall.estimate or 0.0 for gap in result.gaps}
    assert abs(gaps["E1"] - sum(gaps[code] for code in ("D1", "D2", "I1", "E4"))) <= 1e-12
    assert done.rules_version == result.rules_version
    assert Finding.objects.filter(diagnosis=done, decision=Decision.PROPOSED).count() >= 3
    assert {one.audience for one in Comment.objects.filter(diagnosis=done)} == {"customers"}
    actions = list(Action.objects.filter(diagnosis=done))
    assert actions
    assert {action.state for action in actions} == {ActionState.PROPOSED}
    asserted = [action for action in actions if not action.question]
    assert all(
        action.gap and action.baseline is not None and action.target is not None for action in asserted
    )
    job = Job.objects.get(object_id=done.pk)
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, computing.N_STEPS, computing.N_STEPS)
    assert verbs(done) == ["diagnosis.requested", "diagnosis.computed"]


def test_asking_twice_gives_one_diagnosis_and_one_job(wave: Wave, owner_a: Member) -> None:
    first = services.request_diagnosis(wave, owner_a)
    assert services.request_diagnosis(wave, owner_a) == first
    assert Job.objects.filter(kind="diagnosis").count() == 1
    compute(first)
    assert services.request_diagnosis(wave, owner_a) == first
    Response.objects.filter(wave_audience__wave=wave, wave_audience__audience="managers").first().delete()  # type: ignore[union-attr]
    second = services.request_diagnosis(wave, owner_a)
    assert second.number == 2


def test_the_closing_of_a_wave_asks_for_its_diagnosis(wave: Wave) -> None:
    wave_closed.send(sender=Wave, wave=wave)
    wave_closed.send(sender=Wave, wave=wave)
    assert Diagnosis.objects.filter(wave=wave).count() == 1


def test_a_wave_without_released_answers_has_no_diagnosis(engagement: Engagement, owner_a: Member) -> None:
    wave = make_wave(engagement, state="closed")
    with pytest.raises(NothingReleasedError):
        services.request_diagnosis(wave, owner_a)
    wave_closed.send(sender=Wave, wave=wave)
    assert not Diagnosis.objects.exists()


def test_a_named_audience_counts_before_it_is_released(engagement: Engagement, owner_a: Member) -> None:
    wave = make_wave(engagement, state="open", named="managers")
    done = compute(services.request_diagnosis(wave, owner_a))
    assert [row["code"] for row in done.result["audiences"]] == ["managers"]


def test_a_killed_worker_loses_nothing(wave: Wave, owner_a: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = services.request_diagnosis(wave, owner_a)
    job = Job.objects.get(object_id=diagnosis.pk)

    class Killed(BaseException):
        """Stands for SIGKILL: nothing after it runs."""

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    for step in ("analyse", "find", "_store"):
        with monkeypatch.context() as patch:
            patch.setattr(computing, step, die)
            with pytest.raises(Killed):
                computing.compute_diagnosis(diagnosis.practice_id, job.pk)
        assert not Finding.objects.exists()
        Job.objects.filter(pk=job.pk).update(lease_until=None, state=JobState.QUEUED, attempts=1)
    assert Snapshot.objects.count() == 1
    assert compute(diagnosis).state == DiagnosisState.SUCCEEDED
    n_findings = Finding.objects.count()
    Job.objects.filter(pk=job.pk).update(lease_until=None, state=JobState.QUEUED, attempts=1)
    compute(diagnosis)
    assert (Finding.objects.count(), Snapshot.objects.count()) == (n_findings, 1)


def test_a_diagnosis_that_fails_for_good_says_so_and_can_be_started_again(
    wave: Wave, owner_a: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosis = services.request_diagnosis(wave, owner_a)
    with pytest.raises(WrongStateError):
        services.retry_diagnosis(diagnosis, actor=owner_a)

    def fail(*_args: object, **_kwargs: object) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patch:
        patch.setattr(computing, "analyse", fail)
        for _attempt in range(jobs.MAX_ATTEMPTS):
            compute(diagnosis)
    assert diagnosis.state == DiagnosisState.FAILED
    services.retry_diagnosis(diagnosis, actor=owner_a)
    newest = Job.objects.filter(object_id=diagnosis.pk).order_by("-created_at")[0]
    computing.compute_diagnosis(diagnosis.practice_id, newest.pk)
    diagnosis.refresh_from_db()
    assert diagnosis.state == DiagnosisState.SUCCEEDED


def test_findings_are_accepted_edited_rejected_and_recorded(done: Diagnosis, owner_a: Member) -> None:
    finding = Finding.objects.filter(diagnosis=done)[0]
    before = (finding.certainty, finding.evidence)
    services.decide_finding(
        finding, decision="accepted", headline="Dates slip", note="Seen at the desk", actor=owner_a
    )
    finding.refresh_from_db()
    assert (finding.decision, finding.headline, finding.note) == (
        "accepted",
        "Dates slip",
        "Seen at the desk",
    )
    assert (finding.certainty, finding.evidence) == before
    services.decide_finding(finding, decision="rejected", actor=owner_a)
    assert verbs(finding) == ["finding.accepted", "finding.rejected"]
    assert AuditEntry.objects.filter(verb="finding.accepted")[0].changed == ["decision", "headline", "note"]
    for fields in ({"decision": "maybe"}, {"decision": "accepted", "headline": " "},
                   {"decision": "accepted", "headline": "x" * 241}):  # fmt: skip
        with pytest.raises(InvalidInputError) as caught:
            services.decide_finding(finding, actor=owner_a, **fields)
        assert caught.value.fields


def test_actions_are_accepted_changed_and_dropped(done: Diagnosis, owner_a: Member) -> None:
    action = Action.objects.filter(diagnosis=done)[0]
    planned = services.accept_action(action, owner="Mira", due_on=date(2027, 3, 1), actor=owner_a)
    assert (planned.state, planned.owner) == (ActionState.PLANNED, "Mira")
    with pytest.raises(WrongStateError):
        services.accept_action(action, actor=owner_a)
    services.update_action(action, state="running", actor=owner_a)
    for fields in ({"starts_on": date(2027, 4, 1)}, {"state": "gone"}, {"title": ""}, {"gap": "E1"},
                   {"owner": "x" * 121}):  # fmt: skip
        with pytest.raises(InvalidInputError) as caught:
            services.update_action(action, actor=owner_a, **fields)
        assert caught.value.fields
    services.drop_action(action, actor=owner_a)
    assert verbs(action) == ["action.accepted", "action.updated", "action.dropped"]


def test_an_own_action_stores_gap_dimension_value_and_diagnosis(done: Diagnosis, owner_a: Member) -> None:
    action = services.plan_action(
        done, gap="E1", dimension="R6", title="Call back in a day", target=-1.0, actor=owner_a
    )
    total = Result.from_json(done.result).gap("E1")
    assert total is not None
    assert (action.baseline, action.target) == (total.dimensions["R6"].estimate, -1.0)
    assert (action.diagnosis, action.state, action.stage) == (done, ActionState.PLANNED, "evaluation")
    entry = services.plan_action(done, gap="I1", title="", entry="I1-02", actor=owner_a)
    assert entry.title
    assert entry.measure
    for fields in ({"gap": "X9", "title": "a"}, {"gap": "E1", "dimension": "R99", "title": "a"},
                   {"gap": "E1", "title": " "}, {"gap": "E1", "title": "a", "entry": "Z-1"}):  # fmt: skip
        with pytest.raises(InvalidInputError):
            services.plan_action(done, actor=owner_a, **fields)


def test_who_may_only_read_may_not_decide(done: Diagnosis, wave: Wave, owner_a: Member) -> None:
    analyst = make_member(owner_a, Role.ANALYST)
    finding, action = Finding.objects.all()[0], Action.objects.all()[0]
    for refused in (
        lambda: services.request_diagnosis(wave, analyst),
        lambda: services.decide_finding(finding, decision="accepted", actor=analyst),
        lambda: services.accept_action(action, actor=analyst),
        lambda: services.update_action(action, owner="me", actor=analyst),
        lambda: services.drop_action(action, actor=analyst),
        lambda: services.plan_action(done, gap="E1", title="a", actor=analyst),
        lambda: services.write_summary(done, text="a", actor=analyst),
    ):
        with pytest.raises(NotAllowedError):
            refused()


def test_a_client_viewer_sees_what_was_decided_for_the_own_client_only(
    done: Diagnosis, owner_a: Member, engagement: Engagement
) -> None:
    own = make_member(owner_a, Role.CLIENT_VIEWER, engagement.client_organisation)
    other = make_member(owner_a, Role.CLIENT_VIEWER, make_client(owner_a, "Other client"))
    finding, action = Finding.objects.all()[0], Action.objects.all()[0]
    assert selectors.get_diagnosis_for(own, done.pk) == done
    assert selectors.latest_diagnosis_for(own, engagement) == done
    assert selectors.latest_diagnosis_for(other, engagement) is None
    assert not selectors.findings_for(own, done).exists()
    assert not selectors.actions_for(own, diagnosis=done).exists()
    services.decide_finding(finding, decision="accepted", actor=owner_a)
    services.accept_action(action, actor=owner_a)
    assert list(selectors.findings_for(own, done)) == [finding]
    assert list(selectors.actions_for(own, engagement=engagement)) == [action]
    for read in (
        lambda: selectors.get_diagnosis_for(other, done.pk),
        lambda: selectors.get_finding_for(other, finding.pk),
        lambda: selectors.get_action_for(other, action.pk),
        lambda: selectors.get_diagnosis_for(own, uuid4()),
    ):
        with pytest.raises(Http404):
            read()


@pytest.mark.django_db(transaction=True)
def test_the_worker_opens_its_own_scope_and_another_practice_sees_nothing(
    owner_a: Member, owner_b: Member
) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = services.request_diagnosis(make_wave(make_engagement(owner_a)), owner_a)
        job = Job.objects.get(object_id=diagnosis.pk)
    compute_diagnosis(str(owner_a.practice_id), str(job.pk))
    with practice_scope(owner_a.practice):
        assert selectors.get_diagnosis_for(owner_a, diagnosis.pk).state == DiagnosisState.SUCCEEDED
        assert Finding.objects.exists()
    with practice_scope(owner_b.practice):
        assert not selectors.diagnoses_for(owner_b).exists()
        assert not Finding.objects.exists()
        with pytest.raises(Http404):
            selectors.get_diagnosis_for(owner_b, diagnosis.pk)
