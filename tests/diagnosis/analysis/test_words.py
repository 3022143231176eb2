"""A gap that only the t test finds, where answers are few and skewed, is no finding, and the result says why."""

import numpy as np

from diagnosis.analysis.testing import Rule, Side, family_gaps

RULE = Rule(paired=False, scale_range=6.0, random_state=1)


def draw(n: int, spread: float, random: np.random.Generator) -> np.ndarray:
    return np.clip(np.round((7.0 - random.lognormal(0.0, 0.8, n) * spread) * 3.0) / 3.0, 1.0, 7.0)


def side_of(audience: str, scores: np.ndarray) -> Side:
    given = np.ones(scores.size, np.bool_)
    return Side(audience, scores.size, scores, given, given)


def test_words_rest_on_the_careful_q_and_the_reason_is_given() -> None:
    doubted = 0
    for seed in range(20, 40):
        random = np.random.default_rng(seed)
        pairs = {
            str(dimension): (
                side_of("managers", draw(12, 1.4, random)),
                side_of("customers", np.maximum(draw(60, 0.8, random) - 0.2, 1.0)),
            )
            for dimension in range(9)
        }
        for gap in family_gaps(pairs, RULE).values():
            assert gap.q_value is not None
            assert gap.careful_q is not None
            assert gap.careful_q >= gap.q_value
            is_doubted = gap.q_value <= 0.05 < gap.careful_q
            doubted += is_doubted
            assert not is_doubted or gap.certainty in {"hint", "undecided"}
            assert is_doubted == (gap.reason is not None)
    assert doubted
