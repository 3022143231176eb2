"""Frames and results of waves with other forms and with optional parts, without a database."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from diagnosis.analysis import analyse
from diagnosis.frames import Counts, Frames, build_frame
from diagnosis.result import Result
from surveys.instruments import Instrument, load_builtin
from surveys.simulation import SAMPLE_TRUTH, draw_responses

SIZES = {"customers": 200, "managers": 12, "front_line": 45, "crm_team": 8}
ALL_PARTS = ("personal-bond", "voice", "three-columns", "disconfirmation")


def instrument_with(*parts: str) -> Instrument:
    """The built-in instrument with these parts switched on."""
    return load_builtin("die-crm", frozenset(parts))


def draw_variant(
    instrument: Instrument, variant: str, sizes: Mapping[str, int] = SIZES, seed: int = 11
) -> Frames:
    """Frames in which every audience answers its form of this variant, or its default form."""
    frames = {}
    for place, (audience, n) in enumerate(sizes.items()):
        plans = [plan for plan in instrument.definition.forms if plan.audience == audience]
        plan = next((plan for plan in plans if plan.variant == variant), plans[0])
        form = instrument.form(plan.code)
        drawn = draw_responses(form, SAMPLE_TRUTH, n, np.random.default_rng(seed + place))
        rows: list[Any] = [(person.scores, person.choices, {}, []) for person in drawn]
        counts = Counts(invited=n * 2, accepted=n * 2, bounced=0, started=n, finished=n)
        frames[audience] = build_frame(form, mode="confidential", rows=rows, counts=counts)
    return Frames(instrument.code, instrument.version, frames)


@cache
def result_of(variant: str, *parts: str, customers: int = 200) -> Result:
    """The result of one drawn wave."""
    instrument = instrument_with(*parts)
    return analyse(instrument, draw_variant(instrument, variant, SIZES | {"customers": customers}))
