"""One engagement in the portal from an uploaded file to its documents, and the same figures by plain pandas."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from diagnosis.models import Diagnosis
from diagnosis.tasks import compute_diagnosis
from practice.models import Job, Member
from practice.scope import practice_scope
from reports.models import Report
from reports.services import make_report, report_file, request_report
from surveys.models import ResponseImport, Wave, WaveAudience
from tests.diagnosis.test_pages import assert_clean, signed_in
from tests.factories.practice import make_client

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""Real survey data beside the checkout; without it the synthetic file alone is tested."""
SIDES = {"CE": "EX", "CP": "PQ"}


@dataclass(frozen=True)
class Source:
    """A file, its columns per construct, and the ends of its scale when they are not those of the questionnaire."""

    name: str
    constructs: dict[str, list[str]]
    ends: tuple[int, int] = (1, 10)
    choose: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        return (DATA / self.name).read_bytes()


def numbered(stem: str, n: int) -> list[str]:
    return [f"{stem}{number}" for number in range(1, n + 1)]


BANK = Source(
    "bank_satisfaction.csv",
    {
        "CE": numbered("expe", 5), "CP": numbered("qual", 5), "IM": numbered("imag", 5),
        "VA": numbered("val", 4), "SA": numbered("sat", 4), "LO": numbered("loy", 4),
    },
    ends=(0, 10),
    choose={"gender": "attribute:gender"},
)  # fmt: skip
MOBILE = Source(
    "mobile_ecsi.csv",
    {
        "CE": numbered("CUEX", 3), "CP": numbered("PERQ", 7), "IM": numbered("IMAG", 5),
        "VA": numbered("PERV", 2), "SA": numbered("CUSA", 3), "CO": ["CUSCO"], "LO": numbered("CUSL", 3),
    },
)  # fmt: skip
REAL = [source for source in (BANK, MOBILE) if (DATA / source.name).is_file()]


@dataclass
class Study:
    """One engagement in the portal, from its form to its documents."""

    owner: Member
    browser: Client
    engagement_id: Any

    @classmethod
    def open(cls, owner: Member, **posted: Any) -> "Study":
        """Fill the engagement's form in."""
        with practice_scope(owner.practice):
            client = make_client(owner)
        browser = signed_in(owner)
        data = {
            "client_organisation": str(client.pk), "name": "Index 2026", "question": "How satisfied are they?",
            "instrument": "ecsi", "audiences": ["customers"], **posted,
        }  # fmt: skip
        answer = browser.post(reverse("engagement_create", kwargs={"slug": owner.practice.slug}), data)
        assert answer.status_code == 302, answer.content.decode()
        with practice_scope(owner.practice):
            return cls(owner, browser, Wave.objects.latest("created_at").engagement_id)

    def url(self, name: str, **kwargs: Any) -> str:
        ids = {"slug": self.owner.practice.slug, "engagement_id": self.engagement_id}
        return reverse(f"surveys:{name}", kwargs=ids | kwargs)

    def audience(self, code: str = "customers") -> WaveAudience:
        return WaveAudience.objects.get(wave__engagement=self.engagement_id, audience=code)

    def upload(self, name: str, content: bytes, audience: str = "customers") -> ResponseImport:
        with practice_scope(self.owner.practice):
            row = self.audience(audience)
        posted = {"audience": str(row.pk), "file": SimpleUploadedFile(name, content)}
        answer = self.browser.post(self.url("collected_upload"), posted)
        assert answer.status_code == 302, answer.content.decode()
        with practice_scope(self.owner.practice):
            return ResponseImport.objects.latest("created_at")

    def preview(self, upload: ResponseImport) -> str:
        html = self.browser.get(self.url("collected_preview", response_import_id=upload.pk)).content.decode()
        assert_clean(html)
        return html

    def apply(
        self, upload: ResponseImport, ends: tuple[int, int], choose: dict[str, str], **more: str
    ) -> Any:
        """Press Apply with the scales' ends and some columns chosen by their name."""
        html = self.preview(upload)
        posted = {
            name: str(ends[side == "high"]) for name, side in re.findall(r'name="((low|high)-[a-z_]+)"', html)
        }
        posted |= {f"column-{upload.header.index(name)}": target for name, target in choose.items()}
        return self.browser.post(self.url("collected_columns", response_import_id=upload.pk), posted | more)

    def confirm(self, upload: ResponseImport) -> Any:
        return self.browser.post(self.url("collected_confirm", response_import_id=upload.pk), follow=True)

    def diagnose(self) -> Diagnosis:
        """Let the job that the closed wave has asked for run, as the worker does."""
        with practice_scope(self.owner.practice):
            diagnosis = Diagnosis.objects.filter(engagement=self.engagement_id).latest("number")
            job = Job.objects.get(kind="diagnosis", object_id=diagnosis.pk)
            compute_diagnosis(str(job.practice_id), str(job.pk))
            diagnosis.refresh_from_db()
        assert diagnosis.state == "succeeded"
        return diagnosis

    def document(self, diagnosis: Diagnosis, kind: str) -> str:
        """Make a document by its job and return its text."""
        with practice_scope(self.owner.practice):
            report = request_report(diagnosis=diagnosis, kind=kind, actor=self.owner)
            job = Job.objects.get(kind="report", object_id=report.pk)
            make_report(job.practice_id, job.pk)
            content = report_file(Report.objects.get(pk=report.pk))
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
        return re.sub(r"\s+", " ", " ".join(pages))


# --- independent arithmetic -------------------------------------------------------------------------
def turned(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """Ratings on 1-10."""
    low, high = source.ends
    columns = [name for names in source.constructs.values() for name in names]
    return 1 + (table[columns].astype(float) - low) * 9 / (high - low)


def score(ratings: pd.DataFrame) -> pd.Series:
    """Mean of the answered items of each person with at least half of them."""
    return ratings.mean(axis=1).where(ratings.notna().sum(axis=1) >= np.ceil(ratings.shape[1] / 2))


def weighted(values: pd.Series, weights: pd.Series) -> float:
    known = values.notna()
    return float((values[known] * weights[known]).sum() / weights[known].sum())


def reliability(ratings: pd.DataFrame, weights: pd.Series) -> float:
    """Alpha, or Spearman-Brown for two items, over complete rows."""
    rows = ratings.dropna()
    w = weights[rows.index] / weights[rows.index].sum()

    def covariance(a: pd.Series, b: pd.Series) -> float:
        return float((w * (a - (w * a).sum()) * (b - (w * b).sum())).sum())

    k = rows.shape[1]
    if k == 2:
        a, b = (rows[name] for name in rows)
        r = covariance(a, b) / np.sqrt(covariance(a, a) * covariance(b, b))
        return float(2 * r / (1 + r))
    total = rows.sum(axis=1)
    items = sum(covariance(rows[name], rows[name]) for name in rows)
    return k / (k - 1) * (1 - items / covariance(total, total))


def assert_figures(result: dict[str, Any], source: Source, table: pd.DataFrame, weights: pd.Series) -> float:
    """Means and gaps to 1e-9, reliabilities to 1e-6; returns the gap."""
    ratings = turned(source, table)
    scores = {code: score(ratings[names]) for code, names in source.constructs.items()}
    both = scores["CE"].notna() & scores["CP"].notna()
    for state in ("CE", "CP"):
        wanted = weighted(scores[state][both], weights[both])
        assert result["states"][state]["dimensions"]["QU"]["mean"] == pytest.approx(wanted, abs=1e-9)
        assert result["states"][state]["overall"]["mean"] == pytest.approx(wanted, abs=1e-9)
        found = next(row for row in result["reliability"] if row["state"] == state)
        names = source.constructs[state]
        assert found["alpha"] == pytest.approx(reliability(ratings[names], weights), abs=1e-6)
        for place, name in enumerate(names, start=1):
            item = result["items"][state][f"{SIDES[state]}{place}"]
            assert item["mean"] == pytest.approx(weighted(ratings[name], weights), abs=1e-9)
    gap = weighted((scores["CP"] - scores["CE"])[both], weights[both])
    found = next(row for row in result["gaps"] if row["code"] == "E1")
    assert found["overall"]["estimate"] == pytest.approx(gap, abs=1e-9)
    assert found["dimensions"]["QU"]["estimate"] == pytest.approx(gap, abs=1e-9)
    outcomes = {row["code"]: row for row in result["outcomes"]}
    assert set(outcomes) == set(source.constructs) - {"CE", "CP"}
    for code, row in outcomes.items():
        names = source.constructs[code]
        assert row["mean"]["mean"] == pytest.approx(weighted(scores[code], weights), abs=1e-9)
        assert row["k"] == len(names)
        if len(names) > 1:
            assert row["alpha"] == pytest.approx(reliability(ratings[names], weights), abs=1e-6)
    return gap


def printed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.2f}"


def synthetic(n: int = 60) -> pd.DataFrame:
    """A file as another tool exports it: other names, a scale from 0 to 5, blanks, codes, weights and a person."""
    draw = np.random.default_rng(12)
    level = draw.normal(3.4, 0.8, n)
    table = pd.DataFrame({"respondent": [f"person{i}@example.org" for i in range(n)]})
    for name, shift in (
        ("EX1", 0.8),
        ("EX2", 0.6),
        ("EX3", 0.7),
        ("PQ1", 0),
        ("PQ2", -0.3),
        ("SA1", 0),
        ("SA2", 0.2),
    ):
        table[name] = np.clip(np.rint(level + shift + draw.normal(0, 0.6, n)), 0, 5).astype(int).astype(str)
    table.loc[[3, 9], "EX2"] = ""
    table.loc[[4, 11, 20], "PQ1"] = "99"
    table.loc[5, "SA1"] = "n.a."
    table["Region"] = np.where(np.arange(n) % 3 == 0, "North", "South")
    table["age"] = [str(20 + i) for i in range(n)]
    table["weight"] = [f"{value:.4f}" for value in draw.uniform(0.4, 2.5, n)]
    return table


SYNTHETIC = Source(
    "tool.csv",
    {"CE": ["EX1", "EX2", "EX3"], "CP": ["PQ1", "PQ2"], "SA": ["SA1", "SA2"]},
    ends=(0, 5),
    choose={"Region": "attribute:Region", "age": "attribute:age"},
)


def as_xlsx(table: pd.DataFrame) -> bytes:
    book = openpyxl.Workbook()
    for row in [list(table.columns), *table.itertuples(index=False)]:
        book.active.append(
            [float(cell) if str(cell).replace(".", "").isdigit() else cell or None for cell in row]
        )
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
