"""From two columns or matrices of scores to one tested gap of the result, words and suppression included."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from diagnosis.analysis.study import Matrix, Study, counted
from diagnosis.result import Gap
from diagnosis.stats.certainty import (
    FALSE_DISCOVERY_RATE,
    benjamini_hochberg,
    certainty_word,
    is_equivalent,
    severity,
)
from diagnosis.stats.columns import Column
from diagnosis.stats.gaps import (
    overall_paired_gap,
    overall_welch_gap,
    paired_columns_gap,
    paired_gap,
    person_column,
    welch_columns_gap,
    welch_gap,
)
from diagnosis.stats.power import detectable_noncentrality
from diagnosis.stats.results import GapEstimate, NotEnough
from diagnosis.stats.weighting import column_means
from surveys.disclosure import is_indicative

Answer = GapEstimate | NotEnough
Number = TypeVar("Number", np.float64, np.bool_)
NOBODY = np.empty(0, np.bool_)


@dataclass(frozen=True)
class Side:
    """One side of a gap: whose answers, how many, and their scores; `hidden` or `missing` say why there are none.

    `scores` is a column (persons,) or, for overall, a matrix (persons, dimensions); `given` marks those there are,
    `answered` the persons with any; `weights` (persons,) or None.
    What tests need of them is computed once, however many gaps have the side.
    """

    audience: str
    n: int
    scores: Matrix
    given: NDArray[np.bool_]
    answered: NDArray[np.bool_]
    hidden: str = ""
    missing: str = ""
    weights: Matrix | None = None

    @cached_property
    def column(self) -> Column:
        """The scores there are; of a matrix the person values of the overall mean."""
        if self.scores.ndim == 1:
            return Column.of(self.scores, self.weights, kept=self.given)
        return person_column(self.scores, self.weights)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest score; at least one person."""
        if self.scores.ndim == 1:
            return self.column.ends
        return float(np.fmin.reduce(self.scores, axis=None)), float(np.fmax.reduce(self.scores, axis=None))

    @cached_property
    def is_answered_throughout(self) -> bool:
        """Tell whether every dimension has a score of somebody."""
        return self.n > 0 and (self.scores.ndim == 1 or bool(self.given.any(axis=0).all()))


@dataclass(frozen=True, slots=True)
class Rule:
    """How gaps of one family are tested: paired or Welch, range of the scale, seed."""

    paired: bool
    scale_range: float
    random_state: int


def side(study: Study, audience: str, scores: Matrix) -> Side:
    """Side of a gap from scores of the audience's used persons; hidden when too few."""
    return _side(study, audience, scores, np.logical_not(np.isnan(scores)), study.weights(audience))


def part_of(study: Study, whole: Side, members: NDArray[np.intp]) -> Side:
    """Side of the persons at `members` of a whole audience's side, by the rules of subgroups."""
    weights = None if whole.weights is None else whole.weights[members]
    scores, given = rows_of(whole.scores, members), rows_of(whole.given, members)
    return _side(study, whole.audience, scores, given, weights, subgroup=True)


def _side(
    study: Study,
    audience: str,
    scores: Matrix,
    given: NDArray[np.bool_],
    weights: Matrix | None,
    *,
    subgroup: bool = False,
) -> Side:
    answered = given if given.ndim == 1 else np.logical_or.reduce(given.T)
    n = int(np.count_nonzero(answered))
    n_counted = counted(n, None if weights is None else weights[answered])
    hidden = "" if study.may_show(audience, n_counted, subgroup=subgroup) else study.hidden_text(audience)
    return Side(audience, n, scores, given, answered, hidden=hidden, weights=weights)


def rows_of(scores: NDArray[Number], members: NDArray[np.intp]) -> NDArray[Number]:
    """Scores of some persons, column by column in memory as all scores are."""
    if scores.ndim == 1:
        return scores[members]
    found = np.empty((members.size, scores.shape[1]), scores.dtype, order="F")
    for place, column in enumerate(scores.T):
        np.take(column, members, out=found[:, place])
    return found


def hidden_side(study: Study, audience: str) -> Side:
    """Side that may not be shown whatever its scores."""
    return Side(audience, 0, np.empty(0), NOBODY, NOBODY, hidden=study.hidden_text(audience))


def missing_side(reason: str) -> Side:
    """Side nobody was asked about."""
    return Side("", 0, np.empty(0), NOBODY, NOBODY, missing=reason)


def estimate(later: Side, earlier: Side, rule: Rule) -> Answer | None:
    """Test of one gap (columns) or of its overall means (matrices); None when a side is hidden or missing."""
    if any(each.hidden or each.missing for each in (later, earlier)):
        return None
    is_matched = not rule.paired or np.array_equal(later.given, earlier.given)
    if is_matched and later.is_answered_throughout and earlier.is_answered_throughout:
        of_columns = paired_columns_gap if rule.paired else welch_columns_gap
        return of_columns(
            later.column,
            earlier.column,
            scale_range=rule.scale_range,
            random_state=rule.random_state,
            ends=(later.ends, earlier.ends),
        )
    weights: dict[str, Any] = {"weights_later": later.weights, "weights_earlier": earlier.weights}
    if rule.paired:
        weights = {"weights": later.weights}
    test: Callable[..., Answer]
    if later.scores.ndim == 2:
        test = overall_paired_gap if rule.paired else overall_welch_gap
    else:
        test = paired_gap if rule.paired else welch_gap
    return test(
        later.scores,
        earlier.scores,
        scale_range=rule.scale_range,
        random_state=rule.random_state,
        **weights,
    )


@dataclass(frozen=True, slots=True)
class Corrected:
    """p-values after correction for the family: of the t test, and of the careful p that the word rests on.

    `level`: the level at which the smallest detectable gap is stated.
    """

    q_value: float | None = None
    careful_q: float | None = None
    level: float = FALSE_DISCOVERY_RATE


def describe(later: Side, earlier: Side, answer: Answer | None, rule: Rule, corrected: Corrected) -> Gap:
    """The gap as the result prints it."""
    missing = later.missing or earlier.missing
    if missing:
        return Gap("not_measured", reason=missing)
    hidden = later.hidden or earlier.hidden
    if hidden or answer is None:
        return Gap("suppressed", reason=hidden)
    indicative = is_indicative(later.audience, later.n) or is_indicative(earlier.audience, earlier.n)
    if isinstance(answer, NotEnough):
        return _untested(later, earlier, answer, indicative)
    word = certainty_word(answer, q_value=corrected.careful_q, scale_range=rule.scale_range)
    return Gap(
        certainty=word,
        n_later=answer.n_later,
        n_earlier=answer.n_earlier,
        mean_later=answer.mean_later,
        mean_earlier=answer.mean_earlier,
        sd_later=answer.sd_later,
        sd_earlier=answer.sd_earlier,
        estimate=answer.estimate,
        se=answer.se,
        df=answer.df,
        ci_low=answer.ci_low,
        ci_high=answer.ci_high,
        ci90_low=answer.ci90_low,
        ci90_high=answer.ci90_high,
        t=answer.t,
        p_value=answer.p_value,
        q_value=corrected.q_value,
        careful_q=corrected.careful_q,
        g=answer.g,
        d_z=answer.d_z,
        permutation_p=answer.permutation_p,
        skew_p=answer.skew_p,
        smallest_detectable=detectable_noncentrality(answer.df, significance_level=corrected.level)
        * answer.se,
        severity=severity(word, answer, scale_range=rule.scale_range),
        reason=_reason(answer, corrected, rule),
        indicative=indicative,
    )


def _reason(answer: GapEstimate, corrected: Corrected, rule: Rule) -> str | None:
    """Why a gap that the t test alone would find is none: another test of the same gap does not confirm it."""
    q_value, careful_q = corrected.q_value, corrected.careful_q
    if q_value is None or careful_q is None or not q_value <= FALSE_DISCOVERY_RATE < careful_q:
        return None
    if is_equivalent(answer, scale_range=rule.scale_range):
        return None
    if answer.caution > 1.0:
        return _(
            "Less certain: with so few persons and answers so skewed a gap must be found at 1 %, not at 5 %."
        )
    if answer.permutation_p is not None and answer.permutation_p >= answer.skew_p:
        return _("Less certain: with so few persons the permutation test does not confirm the t test.")
    return _(
        "Less certain: answers are so skewed that the test corrected for it does not confirm the t test."
    )


def _untested(later: Side, earlier: Side, answer: NotEnough, indicative: bool) -> Gap:
    if answer.n == 0 or not (later.n and earlier.n):
        return Gap("not_measured", reason=_("Not measured: nobody has answered enough of it."))
    mean_later, mean_earlier = _plain_mean(later), _plain_mean(earlier)
    return Gap(
        certainty="undecided",
        n_later=later.n,
        n_earlier=earlier.n,
        mean_later=mean_later,
        mean_earlier=mean_earlier,
        estimate=mean_later - mean_earlier,
        indicative=indicative,
        reason=_("Not tested: all answers are the same.")
        if answer.reason == "no_variation"
        else _("Not tested: too few answers."),
    )


def _plain_mean(one: Side) -> float:
    matrix = one.scores[:, None] if one.scores.ndim == 1 else one.scores
    return float(column_means(matrix, one.weights).mean())


def overall_gap(later: Side, earlier: Side, rule: Rule) -> Gap:
    """Gap of the overall means; its word rests on the careful p itself, it is no part of a family."""
    answer = estimate(later, earlier, rule)
    if not isinstance(answer, GapEstimate):
        return describe(later, earlier, answer, rule, Corrected())
    return describe(later, earlier, answer, rule, Corrected(answer.p_value, answer.careful_p))


def family_gaps(pairs: Mapping[str, tuple[Side, Side]], rule: Rule) -> dict[str, Gap]:
    """Gaps of one family (dimensions, factors, groups): Benjamini-Hochberg inside it, of p and of the careful p.

    The smallest detectable gap is stated at the level the next discovery of the family would have to reach.
    """
    answers = {key: estimate(later, earlier, rule) for key, (later, earlier) in pairs.items()}
    tested = {key: answer for key, answer in answers.items() if isinstance(answer, GapEstimate)}
    q_values = benjamini_hochberg([answer.p_value for answer in tested.values()]).tolist()
    careful = benjamini_hochberg([answer.careful_p for answer in tested.values()]).tolist()
    n_found = sum(q <= FALSE_DISCOVERY_RATE for q in careful)
    level = FALSE_DISCOVERY_RATE * min(1.0, (n_found + 1) / len(tested)) if tested else FALSE_DISCOVERY_RATE
    corrected = {
        key: Corrected(q, careful_q, level)
        for key, q, careful_q in zip(tested, q_values, careful, strict=True)
    }
    return {
        key: describe(*pairs[key], answer, rule, corrected.get(key, Corrected()))
        for key, answer in answers.items()
    }


def labelled(gap: Gap, later: str, earlier: str) -> Gap:
    """The gap with the names of its sides."""
    return replace(gap, label_later=later, label_earlier=earlier)


def matrix_of(columns: Sequence[Matrix]) -> Matrix:
    """Columns of the same persons side by side."""
    return np.column_stack(list(columns))
