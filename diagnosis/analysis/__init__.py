"""The analysis: from frames to a result, pure functions on the statistics of `diagnosis.stats`."""

from diagnosis.analysis.run import RANDOM_STATE, analyse

__all__ = ["RANDOM_STATE", "analyse"]
