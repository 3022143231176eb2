"""Stored diagnoses over a result computed by the real analysis, with findings, actions and reports."""

import copy
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from diagnosis.frames import Frames, pack_frames
from diagnosis.models import Action, Diagnosis, Finding, Snapshot
from practice.models import Engagement, Member
from reports.models import Report
from surveys.instruments import load_builtin
from surveys.models import Wave
from tests.factories.documents import later_result, sample_result
from tests.factories.practice import make_engagement

EMPTY_CONTENT = pack_frames(Frames("die-crm", "1.0", {}))[0]
HIDDEN = "Fewer than five answers: hidden so that nobody can be recognised."


def make_wave(engagement: Engagement) -> Wave:
    """Create a launched wave of the built-in instrument without answers."""
    instrument = load_builtin("die-crm")
    return Wave.objects.create(
        engagement=engagement,
        name="Wave 1",
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
        launched_at=timezone.now(),
    )


def make_diagnosis(
    owner: Member, engagement: Engagement | None = None, result: dict[str, Any] | None = None
) -> Diagnosis:
    """Create a finished diagnosis (scope must be open)."""
    engagement = engagement or make_engagement(owner)
    wave = Wave.objects.filter(engagement=engagement).first() or make_wave(engagement)
    snapshot, _ = Snapshot.objects.get_or_create(
        wave=wave, content_hash="a" * 64, defaults={"content": EMPTY_CONTENT}
    )
    return Diagnosis.objects.create(
        engagement=engagement,
        wave=wave,
        snapshot=snapshot,
        number=Diagnosis.objects.filter(wave=wave).count() + 1,
        state="succeeded",
        result=sample_result() if result is None else result,
        rules_version="1.0",
        computed_at=timezone.now(),
    )


def make_finding(diagnosis: Diagnosis, **fields: Any) -> Finding:
    """Create the next finding of a diagnosis with one gap as evidence."""
    rank = diagnosis.findings.count() + 1
    gap = next(gap for gap in diagnosis.result["gaps"] if gap["code"] == "I1")["overall"]
    row = {"gap": "I1", "dimension": "", "unit": "points"} | {
        name: gap[name]
        for name in ("estimate", "ci_low", "ci_high", "certainty", "n_later", "n_earlier", "indicative")
    }
    values = {
        "rank": rank,
        "code": f"I1.{rank}",
        "stage": "implementation",
        "gap": "I1",
        "headline": f"Daily work stays behind the standard {rank}",
        "text": "Staff know the standard and may not decide.",
        "evidence": {
            "gaps": [row],
            "factors": [{"factor": "H2", "name": "Empowerment", "mean": 41.2}],
            "importance": 0.1,
            "size": 0.7,
            "weight": 1.0,
            "checks": ["May staff decide?"],
        },
        "causes": ["Staff lack authority"],
        "certainty": "clear",
        "severity": "large",
        "priority": 0.3 / rank,
    }
    return Finding.objects.create(diagnosis=diagnosis, **(values | fields))


def make_action(finding: Finding, **fields: Any) -> Action:
    """Create the next proposed action of a finding."""
    diagnosis = finding.diagnosis
    values = {
        "entry": "I1-02",
        "stage": finding.stage,
        "gap": finding.gap,
        "title": "Money and time limit within which staff may solve problems at once",
        "owner": "Operations head",
        "effort": 1,
        "impact": 3,
        "measure": "Share solved at first contact",
        "baseline": -0.68,
        "target": -0.3,
        "position": diagnosis.actions.count() + 1,
    }
    return Action.objects.create(
        engagement_id=diagnosis.engagement_id, diagnosis=diagnosis, finding=finding, **(values | fields)
    )


def make_report(diagnosis: Diagnosis, **fields: Any) -> Report:
    """Create a finished report with a file."""
    content = b"%PDF-1.7 sample"
    key = default_storage.save(f"{diagnosis.practice_id}/reports/sample.pdf", ContentFile(content))
    values = {
        "kind": "diagnosis",
        "state": "succeeded",
        "title": "Alpenbank Regional: Diagnosis",
        "storage_key": key,
        "n_bytes": len(content),
        "n_pages": 31,
        "finished_at": timezone.now(),
    }
    return Report.objects.create(
        engagement_id=diagnosis.engagement_id, diagnosis=diagnosis, **(values | fields)
    )


def hidden_result(gap: str = "I1") -> dict[str, Any]:
    """Return the computed result with one gap hidden everywhere, as the analysis hides it."""
    result = copy.deepcopy(sample_result())
    row = next(row for row in result["gaps"] if row["code"] == gap)
    empty = dict.fromkeys(row["overall"]) | {
        "certainty": "suppressed", "reason": HIDDEN, "indicative": False, "label_later": "", "label_earlier": "",
    }  # fmt: skip
    row["overall"] = empty
    row["dimensions"] = dict.fromkeys(row["dimensions"], empty)
    for steps in (result["waterfall"]["overall"], *result["waterfall"]["dimensions"].values()):
        for step in steps["steps"]:
            if step["gap"] == gap:
                step |= {"estimate": None, "ci_low": None, "ci_high": None, "certainty": "suppressed"}
                step |= {"p_largest": None, "share": None}
    return result


def make_second_wave(earlier: Diagnosis, result: dict[str, Any] | None = None) -> Diagnosis:
    """Create a finished diagnosis of the wave after the one of `earlier` (scope must be open)."""
    wave = Wave.objects.get(pk=earlier.wave_id)
    wave.pk, wave.number, wave.name = None, wave.number + 1, f"Wave {wave.number + 1}"
    wave.id = uuid4()
    wave.save(force_insert=True)
    snapshot = Snapshot.objects.create(wave=wave, content_hash="b" * 64, content=EMPTY_CONTENT)
    return Diagnosis.objects.create(
        engagement=earlier.engagement,
        wave=wave,
        snapshot=snapshot,
        number=1,
        state="succeeded",
        result=later_result() if result is None else result,
        rules_version="1.0",
        computed_at=timezone.now(),
    )
