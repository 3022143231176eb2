"""A finished diagnosis as one XLSX file: its figures, and the findings and actions the member may see."""

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from diagnosis.comments import comments_for, voices
from diagnosis.models import Diagnosis
from diagnosis.result import Result
from diagnosis.retelling import renamed
from diagnosis.selectors import actions_for, findings_for
from diagnosis.table import Table
from diagnosis.tables import result_tables
from diagnosis.words import CERTAINTY, SEVERITY, STAGES
from diagnosis.workbook import workbook_of
from practice.models import Member
from practice.xlsx_file import XLSX
from surveys.form_cache import instrument_of


def diagnosis_workbook(diagnosis: Diagnosis, member: Member) -> bytes:
    """Return the workbook of a finished diagnosis; raises ValueError when its result has another schema."""
    instrument = instrument_of(diagnosis.wave, get_language() or "")
    result = Result.from_json(renamed(diagnosis, instrument))
    engagement = diagnosis.engagement
    computed = date_format(diagnosis.computed_at, "DATETIME_FORMAT") if diagnosis.computed_at else ""
    about = [
        (_("Client"), engagement.client_organisation.name),
        (_("Engagement"), engagement.name),
        (_("Wave"), diagnosis.wave.name),
        (_("Diagnosis"), str(diagnosis.number)),
        (_("Computed"), computed),
        (_("Instrument"), f"{instrument.title} ({instrument.code} {instrument.version})"),
        (_("Rules"), result.rules_version),
        (_("Sign"), _("A gap is the later state minus the earlier one; below zero something is lost.")),
        (_("Hidden figures"), _("Groups below the smallest size are left empty, and the note says why.")),
        (_("Precision"), _("Figures are unrounded; two decimals are shown.")),
    ]
    tables = [
        *result_tables(result, instrument),
        _comments(diagnosis, member),
        _findings(diagnosis, member),
        _actions(diagnosis, member),
    ]
    made_at = diagnosis.computed_at or diagnosis.created_at
    return workbook_of(about, [table for table in tables if table.rows], made_at=made_at)


def _comments(diagnosis: Diagnosis, member: Member) -> Table:
    header = (_("Audience"), _("Question"), _("Comment"), _("Choice"))
    rows = tuple(
        (voice.audience_name, voice.question_text, one.text, str(one.get_choice_display()))
        for voice in voices(diagnosis, list(comments_for(member, diagnosis)))
        for one in voice.comments
    )
    return Table(_("Comments"), header, rows)


def _findings(diagnosis: Diagnosis, member: Member) -> Table:
    header = (
        _("Rank"), _("Code"), _("Stage"), _("Gap"), _("Dimension"), _("Headline"), _("Text"), _("Certainty"),
        _("Severity"), _("Priority"), _("Decision"), _("Causes to check"),
    )  # fmt: skip
    rows = tuple(
        (
            one.rank, one.code, str(STAGES.get(one.stage, one.stage)), one.gap, one.dimension, one.headline, one.text,
            str(CERTAINTY.get(one.certainty, one.certainty)), str(SEVERITY.get(one.severity or "", "")), one.priority,
            str(one.get_decision_display()), "; ".join(one.causes),
        )
        for one in findings_for(member, diagnosis)
    )  # fmt: skip
    return Table(_("Findings"), header, rows)


def _actions(diagnosis: Diagnosis, member: Member) -> Table:
    header = (
        _("Action"), _("Stage"), _("Gap"), _("Dimension"), _("Owner"), _("Starts"), _("Due"), _("Effort"), _("Impact"),
        _("Measure"), _("Baseline"), _("Target"), _("State"),
    )  # fmt: skip
    rows = tuple(
        (
            one.title, str(STAGES.get(one.stage, one.stage)), one.gap, one.dimension, one.owner,
            one.starts_on.isoformat() if one.starts_on else "", one.due_on.isoformat() if one.due_on else "",
            one.effort, one.impact, one.measure, one.baseline, one.target, str(one.get_state_display()),
        )
        for one in actions_for(member, diagnosis=diagnosis)
    )  # fmt: skip
    return Table(_("Actions"), header, rows)


def workbook_response(diagnosis: Diagnosis, member: Member) -> HttpResponse:
    """Return the workbook as a download that nobody keeps on the way."""
    return HttpResponse(
        diagnosis_workbook(diagnosis, member),
        content_type=XLSX,
        headers={
            "Content-Disposition": f'attachment; filename="diagnosis-{diagnosis.number}.xlsx"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
