"""A diagnosis of simulated answers to a wave's own forms: computed like any other, stored nowhere."""

from dataclasses import dataclass

import numpy as np
from django.utils import timezone
from django.utils.translation import get_language

from diagnosis.analysis import analyse
from diagnosis.computing import proposed_action, proposed_finding, stored_result
from diagnosis.enums import DiagnosisState
from diagnosis.frames import AnswerRow, AudienceFrame, Counts, Frames, build_frame
from diagnosis.models import Action, Diagnosis, Finding
from diagnosis.rules.findings import find
from diagnosis.rules.library import load_library
from diagnosis.rules.recommend import recommend
from surveys.enums import Mode
from surveys.form_cache import instrument_of
from surveys.instruments import Form, Instrument
from surveys.models import Wave
from surveys.quality import flag_response
from surveys.simulation import draw_responses, truth_for

SEED = 20_261
SIZES = {"customers": 200, "managers": 12, "front_line": 45, "crm_team": 8}
OTHER_SIZE = 30
INVITED_PER_ANSWER = 1.6


@dataclass(frozen=True, slots=True)
class SimulatedDiagnosis:
    """Rows that were never saved: a diagnosis with its findings and proposed actions."""

    diagnosis: Diagnosis
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]


def simulate_diagnosis(wave: Wave) -> SimulatedDiagnosis:
    """Draw answers to every form of the wave and compute what a diagnosis would say; nothing is written.

    The same forms always give the same figures; words are in the reader's language. The wave's engagement is loaded
    with it.
    """
    language = get_language() or ""
    instrument = instrument_of(wave, language)
    frames = draw_frames(
        instrument, {row.audience: instrument.form(row.form) for row in wave.audiences.all()}
    )
    result = analyse(instrument, frames)
    plan = recommend(result, instrument, load_library())
    diagnosis = Diagnosis(
        engagement=wave.engagement,
        wave=wave,
        number=1,
        language=instrument.language,
        state=DiagnosisState.SUCCEEDED,
        result=stored_result(result, plan),
        rules_version=result.rules_version,
        computed_at=timezone.now(),
    )
    findings = [proposed_finding(diagnosis, one) for one in find(result, instrument)]
    actions = [
        proposed_action(diagnosis, one, findings, place) for place, one in enumerate(plan.proposals, start=1)
    ]
    return SimulatedDiagnosis(diagnosis, tuple(findings), tuple(actions))


def draw_frames(instrument: Instrument, forms: dict[str, Form]) -> Frames:
    """Frames of answers drawn for these forms, in the sizes of a usual study."""
    audiences = {
        code: _draw(instrument, form, SIZES.get(code, OTHER_SIZE)) for code, form in sorted(forms.items())
    }
    return Frames(instrument.code, instrument.version, audiences)


def _draw(instrument: Instrument, form: Form, n: int) -> AudienceFrame:
    rng = np.random.default_rng([SEED, *form.audience.encode()])
    drawn = draw_responses(form, truth_for(instrument), n, rng)
    rows: list[AnswerRow] = [
        (person.scores, person.choices, {}, flag_response(form, person.scores, seconds=None))
        for person in drawn
    ]
    invited = round(n * INVITED_PER_ANSWER)
    counts = Counts(invited=invited, accepted=invited, bounced=0, started=n, finished=n)
    return build_frame(form, mode=Mode.CONFIDENTIAL, rows=rows, counts=counts)
