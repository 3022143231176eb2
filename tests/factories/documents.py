"""Documents over a result computed by the real analysis from a drawn company."""

from datetime import date
from functools import cache
from typing import Any

from diagnosis.analysis.run import analyse
from reports.document import ActionEntry, Document, FindingEntry
from reports.enums import ReportKind
from surveys.instruments import load_builtin
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER
from tests.diagnosis.draws import draw_frames

HOSTILE = '<img src="file:///etc/passwd"> {{ 7*7 }} & “quoted” 李雷 Müller-Lüdenscheidt'


@cache
def sample_result() -> dict[str, Any]:
    """Return the stored form of one computed result."""
    return analyse(load_builtin("die-crm"), draw_frames(SAMPLE_TRUTH, 7)).to_json()


@cache
def later_result() -> dict[str, Any]:
    """Return the stored form of the same company's result a year later."""
    return analyse(load_builtin("die-crm"), draw_frames(SAMPLE_TRUTH_LATER, 8)).to_json()


def make_document(
    kind: str, *, client: str = "Alpenbank Regional", result: dict[str, Any] | None = None
) -> Document:
    """Return a document with one finding and one action, whose texts are hostile."""
    finding = FindingEntry(
        number="F1", stage="implementation", gap="I1", dimension="", headline="Daily work stays behind the standard",
        text=HOSTILE, evidence={}, causes=(HOSTILE,), certainty="clear", severity="large", priority=0.3,
        is_accepted=True, note=HOSTILE, actions=("A1",),
    )  # fmt: skip
    action = ActionEntry(
        number="A1", stage="implementation", gap="I1", dimension="R3", title=HOSTILE, cause=HOSTILE, question="",
        owner="Head of service", starts_on=date(2026, 12, 1), due_on=date(2027, 3, 1), effort=1, impact=3,
        measure="Share solved at first contact; then: I1 shrinks", baseline=-0.68, target=-0.3, findings=("F1",),
        basis=("GAPSUM",), is_agreed=True,
    )  # fmt: skip
    return Document(
        kind=kind, title=str(ReportKind(kind).label), client=client,
        practice="Nordlicht Consulting", accent="#0b4a6f", question="", engagement="CRM gap 2026", wave="Wave 1",
        is_sample=True, issued_on=date(2026, 11, 23), language="en", computed_on=date(2026, 11, 23),
        diagnosis_number=1, snapshot_hash="ab" * 32, summary="", instrument=load_builtin("die-crm").as_dict(),
        result=sample_result() if result is None else result, findings=(finding,), actions=(action,),
    )  # fmt: skip
