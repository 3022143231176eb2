"""From set-up to figures with a short form, three columns and direct answers: nothing is lost on the way."""

import numpy as np
import pytest

from diagnosis.computing import compute_diagnosis
from diagnosis.models import Diagnosis
from diagnosis.result import Result
from diagnosis.services import request_diagnosis
from practice.models import Member
from practice.scope import practice_scope
from practice.selectors import latest_job
from surveys import mixer
from surveys.answering import submit_answers
from surveys.form_cache import form_of
from surveys.models import Recipient, Wave, WaveAudience
from surveys.services import field
from surveys.services.launch import launch_wave
from surveys.services.trial import send_everything
from surveys.services.waves import create_wave
from surveys.simulation import SAMPLE_TRUTH, draw_responses, posted_fields
from tests.factories.practice import found_practice, make_engagement
from tests.factories.surveys import add_people

N = 12


def answer_all(audience: WaveAudience, *, seed: int) -> list[list[int]]:
    """Answer for everybody on the roster; return the packed rows that were sent."""
    form = form_of(audience)
    people = list(Recipient.objects.filter(wave_audience=audience))
    drawn = draw_responses(form, SAMPLE_TRUTH, len(people), seed)
    for person, response in zip(people, drawn, strict=True):
        posted: dict[str, list[str]] = {}
        for page in form.pages:
            posted |= posted_fields(page, response)
        submit_answers(recipient=person, answers=posted, seconds=600)
    return [response.scores for response in drawn]


@pytest.mark.django_db(transaction=True)
def test_short_form_with_three_columns_and_direct_answers_end_to_end() -> None:
    owner: Member = found_practice("Cedar")
    with practice_scope(owner.practice):
        wave = create_wave(
            engagement=make_engagement(owner),
            actor=owner,
            audiences=["customers"],
            forms={"customers": "customers-short"},
            components=["three-columns", "disconfirmation"],
        )
        trial = send_everything(wave, actor=owner)
        answer_all(WaveAudience.objects.select_related("wave").get(wave=trial), seed=99)
        add_people(wave, "customers", N)
        launch_wave(wave=wave, actor=owner)
        audience = WaveAudience.objects.select_related("wave").get(wave=wave)
        sent = answer_all(audience, seed=5)
        form = form_of(audience)
        field.close_wave(Wave.objects.get(pk=wave.pk), actor=owner)
    mixer.close_and_release(owner.practice_id, audience.pk)
    with practice_scope(owner.practice):
        diagnosis = request_diagnosis(Wave.objects.get(pk=wave.pk), actor=owner)
        job = latest_job("diagnosis", diagnosis.pk)
        assert job is not None
    compute_diagnosis(owner.practice_id, job.pk)
    with practice_scope(owner.practice):
        result = Result.from_json(Diagnosis.objects.get(pk=diagnosis.pk).result)
    customers = result.audience("customers")
    assert customers is not None
    assert (customers.form, customers.used) == ("customers-short", N)
    values = np.array(sent, dtype=float)[:, form.slot_index["Y5.R6"]]
    assert result.direct is not None
    worst = next(row for row in result.direct.rows if row.dimension == "R6")
    assert worst.mean.mean == pytest.approx(values[values > -1000].mean(), abs=1e-9)
    assert values.min() < 0
    assert result.zone is not None
    assert result.zone.dimensions["R6"].state in {"critical", "inside"}
    assert result.items["CE"]["R1.3"].not_measured is not None
