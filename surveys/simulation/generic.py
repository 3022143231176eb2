"""A truth for any instrument: the sample company where it says enough, plausible levels everywhere else."""

from dataclasses import replace

from surveys.instruments import Block, Instrument
from surveys.simulation.sample import SAMPLE_TRUTH
from surveys.simulation.truth import ANY, CompanyTruth

LEVELS = {
    "expectation": 0.78,
    "minimum": 0.55,
    "perception": 0.62,
    "belief": 0.68,
    "standard": 0.72,
    "delivery": 0.66,
    "promise": 0.75,
}
"""Level of each role of a state as a share of the scale's range."""
OUTCOME_LEVEL = 0.6
READINESS_LEVEL = 0.55


def truth_for(instrument: Instrument) -> CompanyTruth:
    """A company from which answers to every form of the instrument can be drawn.

    What the sample company says in the same codes and on the same range is kept; the rest lies at usual levels.
    """
    scale = instrument.level_scale
    is_sample_scale = (scale.low, scale.high) == (1, 7)
    means = {
        state.code: {ANY: scale.low + LEVELS[state.role] * scale.span}
        | dict(SAMPLE_TRUTH.means.get(state.code, {}) if is_sample_scale else {})
        for state in instrument.states
    }
    readiness = {
        audience.code: {ANY: 1 + READINESS_LEVEL * 6} | dict(SAMPLE_TRUTH.readiness.get(audience.code, {}))
        for audience in instrument.audiences
    }
    outcomes = {block.code: _level(instrument, block) for block in instrument.outcomes}
    if instrument.code == "die-crm":
        outcomes |= dict(SAMPLE_TRUTH.outcomes)
    return replace(SAMPLE_TRUTH, means=means, readiness=readiness, outcomes=outcomes)


def _level(instrument: Instrument, block: Block) -> float:
    scale = instrument.scales[block.scale]
    return scale.low + OUTCOME_LEVEL * scale.span
