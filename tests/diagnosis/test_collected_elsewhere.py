"""Answers collected elsewhere, through upload and mapping to diagnosis and PDF: every figure equals plain pandas."""

import numpy as np
import pandas as pd
import pytest
from django.urls import reverse

from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.models import Response, ResponseImport, Wave
from tests.diagnosis.collected import (
    DATA,
    REAL,
    SYNTHETIC,
    Source,
    Study,
    as_xlsx,
    assert_figures,
    printed,
    synthetic,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(owner_a: Member) -> Study:
    """An engagement with the customer satisfaction index."""
    return Study.open(owner_a)


@pytest.mark.parametrize("source", REAL, ids=lambda source: source.name)
def test_real_files_give_the_figures_of_plain_arithmetic(study: Study, source: Source) -> None:
    table = pd.read_csv(DATA / source.name)
    upload = study.upload(source.name, source.read())
    if source.ends != (1, 10):
        html = study.preview(upload)
        assert "outside 1 to 10" in html
        study.confirm(upload)
        with practice_scope(study.owner.practice):
            assert not Response.objects.exists()
    assert study.apply(upload, source.ends, source.choose).status_code == 302
    html = study.preview(upload)
    assert "Every cell fits its question." in html
    assert ("Converted in a straight line" in html) == (source.ends != (1, 10))
    study.confirm(upload)
    diagnosis = study.diagnose()
    gap = assert_figures(diagnosis.result, source, table, pd.Series(1.0, table.index))
    assert diagnosis.result["audiences"][0]["used"] == len(table)
    text = study.document(diagnosis, "diagnosis")
    assert printed(gap) in text
    assert "collected elsewhere" in text
    assert str(next(iter(diagnosis.result["outcomes"]))["name"]) in text
    assert "Index 2026" in study.document(diagnosis, "action_plan")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_weighted_file_of_another_tool(study: Study, kind: str) -> None:
    table = synthetic()
    content = as_xlsx(table) if kind == "xlsx" else table.to_csv(index=False).encode()
    upload = study.upload(f"tool.{kind}", content)
    codes = {"missing": "99, n.a."}
    assert study.apply(upload, SYNTHETIC.ends, SYNTHETIC.choose, **codes).status_code == 302
    html = study.preview(upload)
    assert "Every cell fits its question." in html
    assert "1 + (x − 0) × 9 / 5" in html
    study.confirm(upload)
    diagnosis = study.diagnose()
    numbers = table.replace({"99": None, "n.a.": None, "": None})
    gap = assert_figures(diagnosis.result, SYNTHETIC, numbers, table["weight"].astype(float))
    w = table["weight"].astype(float)
    row = diagnosis.result["audiences"][0]
    assert row["effective_n"] == pytest.approx(w.sum() ** 2 / (w**2).sum(), abs=1e-9)
    with practice_scope(study.owner.practice):
        audience = study.audience()
        stored = list(Response.objects.values_list("attributes", "record"))
        done = ResponseImport.objects.get()
        verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert audience.state == "released"
    assert audience.kept_attributes == ["Region"]
    assert "person" not in str(stored)
    assert "age" not in str(stored)
    assert (done.state, done.rows) == ("confirmed", [])
    assert {"answers.uploaded", "answers.taken_over", "diagnosis.requested"} <= verbs
    if kind == "csv":
        text = study.document(diagnosis, "diagnosis")
        assert printed(gap) in text
        assert "weighted" in text
        for word in ("managers", "front line", "waterfall", "readiness", "example.org"):
            assert word not in text.lower(), word


@pytest.mark.parametrize(
    ("header", "unmeasured"),
    [("PQ1,PQ2,SA1,SA2,SA3", "“What customers expect”"), ("SA1,SA2,SA3,LO1,LO2", "“What customers")],
)
def test_a_side_that_was_not_asked_is_not_measured_and_never_zero(
    study: Study, header: str, unmeasured: str
) -> None:
    draw = np.random.default_rng(4).integers(4, 10, (30, 5))
    lines = [header, *(",".join(map(str, row)) for row in draw)]
    upload = study.upload("half.csv", "\n".join(lines).encode())
    assert "Expected" in study.preview(upload).split("Will read")[1]
    study.confirm(upload)
    diagnosis = study.diagnose()
    result = diagnosis.result
    overall = result["gaps"][0]["overall"]
    assert (overall["certainty"], overall["estimate"]) == ("not_measured", None)
    assert unmeasured in overall["reason"]
    assert "CE" not in result["states"]
    assert result["rq_index"] is None
    satisfaction = next(row for row in result["outcomes"] if row["code"] == "SA")
    columns = [place for place, name in enumerate(header.split(",")) if name.startswith("SA")]
    assert satisfaction["mean"]["mean"] == pytest.approx(draw[:, columns].mean(), abs=1e-9)
    text = study.document(diagnosis, "diagnosis")
    assert "not measured" in text.lower()
    assert "0.00 points" not in text
    assert "Satisfaction" in text
    study.document(diagnosis, "action_plan")


def test_the_crm_model_takes_one_audience_and_leaves_the_others_unmeasured(owner_a: Member) -> None:
    study = Study.open(owner_a, instrument="die-crm", audiences=["customers", "managers"])
    draw = np.random.default_rng(1)
    columns = [f"{state}.R{d}.{i}" for state in ("CE", "CP") for d in range(1, 10) for i in (1, 2)]
    table = pd.DataFrame(draw.integers(3, 8, (50, len(columns))), columns=columns)
    study.confirm(study.upload("crm.csv", table.to_csv(index=False).encode()))
    url = reverse(
        "diagnosis:diagnosis_request",
        kwargs={"slug": owner_a.practice.slug, "engagement_id": study.engagement_id},
    )
    study.browser.post(url)
    result = study.diagnose().result
    gaps = {row["code"]: row["overall"] for row in result["gaps"]}
    wanted = table[[name for name in columns if name.startswith("CE")]].to_numpy().mean()
    received = table[[name for name in columns if name.startswith("CP")]].to_numpy().mean()
    assert gaps["E1"]["estimate"] == pytest.approx(received - wanted, abs=1e-9)
    assert gaps["D1"]["certainty"] == "not_measured"
    with practice_scope(owner_a.practice):
        assert study.audience("managers").state == "draft"
        assert Wave.objects.get().closed_at is None
