"""The analysis: from frames to a result, pure functions on the statistics of `diagnosis.stats`."""

from diagnosis.analysis.run import N_STEPS, RANDOM_STATE, analyse

__all__ = ["N_STEPS", "RANDOM_STATE", "analyse"]
