"""Draws answers of companies whose true gaps are known: sample engagements, previews, tests of recovery."""

from surveys.simulation.draw import (
    SimulatedResponse,
    draw_responses,
    expected_recorded_means,
    posted_fields,
    true_means,
)
from surveys.simulation.generic import truth_for
from surveys.simulation.sample import NO_GAP_TRUTH, SAMPLE_TRUTH, SAMPLE_TRUTH_LATER
from surveys.simulation.truth import CompanyTruth

__all__ = [
    "NO_GAP_TRUTH",
    "SAMPLE_TRUTH",
    "SAMPLE_TRUTH_LATER",
    "CompanyTruth",
    "SimulatedResponse",
    "draw_responses",
    "expected_recorded_means",
    "posted_fields",
    "true_means",
    "truth_for",
]
