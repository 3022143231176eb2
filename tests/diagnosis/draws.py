"""Frames drawn from a company whose truth is known, without a database."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from diagnosis.frames import AudienceFrame, Counts, Frames, build_frame
from surveys.instruments import Instrument, load_builtin
from surveys.quality import flag_response
from surveys.simulation import CompanyTruth, draw_responses

SIZES = {"customers": 200, "managers": 12, "front_line": 45, "crm_team": 8}
SIXTY = {"customers": 120, "managers": 60, "front_line": 60, "crm_team": 60}


def die_crm() -> Instrument:
    """The built-in instrument."""
    return load_builtin("die-crm")


def draw_audience(
    audience: str,
    truth: CompanyTruth,
    n: int,
    seed: int,
    attributes: Sequence[Mapping[str, str]] | None = None,
) -> AudienceFrame:
    """One audience's frame; flags are judged as in the finishing request."""
    form = die_crm().form_for(audience)
    drawn = draw_responses(form, truth, n, np.random.default_rng(seed))
    rows: list[Any] = [
        (
            person.scores,
            person.choices,
            attributes[index] if attributes else {},
            flag_response(form, person.scores, seconds=None),
        )
        for index, person in enumerate(drawn)
    ]
    invited = round(n * 1.6)
    counts = Counts(invited=invited, accepted=invited - 2, bounced=2, started=n + 3, finished=n)
    return build_frame(form, mode="confidential", rows=rows, counts=counts)


def draw_frames(
    truth: CompanyTruth,
    seed: int,
    sizes: Mapping[str, int] = SIZES,
    attributes: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> Frames:
    """Frames of all audiences of a company."""
    audiences = {
        code: draw_audience(code, truth, n, seed * 100 + place, (attributes or {}).get(code))
        for place, (code, n) in enumerate(sizes.items())
        if n
    }
    return Frames("die-crm", die_crm().version, audiences)
