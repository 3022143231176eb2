"""Adapters of the degenerate inputs: keys are those of the case's R code, answers are ours or our refusal."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.adjusting import adjust_p
from diagnosis.stats.agreement import AgreementEstimate, single_item_agreement, within_group_agreement
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.effects import cohens_d, cohens_dz
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.means import estimate_mean, fpc_factor
from diagnosis.stats.proportions import wilson_interval
from diagnosis.stats.rank import spearman
from diagnosis.stats.rank_tests import (
    KruskalWallisEstimate,
    MannWhitneyEstimate,
    SignedRankEstimate,
    kruskal_wallis,
    mann_whitney,
    wilcoxon_signed_rank,
)
from diagnosis.stats.results import (
    AlphaEstimate,
    CorrelationEstimate,
    EffectEstimate,
    GapEstimate,
    MeanEstimate,
    NotEnough,
    ProportionEstimate,
)
from diagnosis.stats.scales import cronbach_alpha, item_rest_correlations, spearman_brown, standardized_alpha
from tests.reference.case import Case, values_of

Answer = Mapping[str, Any]
WIDE = 1e9


def refused(function: Callable[[], Any]) -> Any:
    """Return the answer, or NotEnough when the product raises its own error."""
    try:
        return function()
    except StatisticsError:
        return NotEnough("not_defined", 0, 0)


def columns(case: Case) -> NDArray[np.float64]:
    """Return the input columns side by side."""
    data = case.options["input"]["data"]
    return np.column_stack([values_of(v if isinstance(v, list) else [v]) for v in data.values()])


def alpha(matrix: ArrayLike) -> Any:
    """Return raw alpha or the refusal."""
    answer = cronbach_alpha(matrix)
    return answer.alpha if isinstance(answer, AlphaEstimate) else answer


def both_alphas(matrix: ArrayLike) -> Any:
    """Return raw and standardised alpha."""
    return {"raw": alpha(matrix), "std": standardized_alpha(matrix)}


def t_of(gap: GapEstimate | NotEnough) -> Any:
    """Return t, df, p and interval or the refusal."""
    if isinstance(gap, NotEnough):
        return gap
    return {"t": gap.t, "df": gap.df, "p": gap.p_value, "ci": [gap.ci_low, gap.ci_high]}


def p_of(gap: GapEstimate | NotEnough) -> Any:
    """Return the p-value or the refusal."""
    return gap.p_value if isinstance(gap, GapEstimate) else gap


def d_of(answer: EffectEstimate | NotEnough) -> Any:
    """Return the effect size or the refusal."""
    return answer.effect_size if isinstance(answer, EffectEstimate) else answer


def sd_of(values: ArrayLike) -> Any:
    """Return the SD or None."""
    answer = estimate_mean(values)
    return answer.sd if isinstance(answer, MeanEstimate) else answer


def interval_of(answer: ProportionEstimate | NotEnough) -> Any:
    """Return the interval or the refusal."""
    return [answer.ci_low, answer.ci_high] if isinstance(answer, ProportionEstimate) else answer


def rho_of(answer: CorrelationEstimate | NotEnough) -> Any:
    """Return the correlation or the refusal."""
    return answer.r if isinstance(answer, CorrelationEstimate) else answer


def signed_rank_p(answer: SignedRankEstimate | NotEnough) -> Any:
    """Return the p-value with continuity correction or the refusal."""
    return answer.p_continuity if isinstance(answer, SignedRankEstimate) else answer


def rwg_of(answer: AgreementEstimate | NotEnough) -> Any:
    """Return rwg or the refusal."""
    return answer.rwg if isinstance(answer, AgreementEstimate) else answer


def _all_equal(case: Case) -> Answer:
    data = columns(case)
    a, b = data[:, 0], data[:, 1]
    return {
        "alpha_formula": alpha(data),
        "alpha_psych": alpha(data),
        "paired_t": p_of(paired_gap(a, b, scale_range=WIDE)),
        "welch": p_of(welch_gap(a, b, scale_range=WIDE)),
        "d_z": d_of(cohens_dz(a, b)),
        "rwg": rwg_of(single_item_agreement(a, points=5)),
        "spearman": rho_of(spearman(a, b)),
    }


def _few(case: Case) -> Answer:
    data = columns(case)
    a, b = data[:, 0], data[:, 1]
    return {
        "sd": sd_of(a),
        "paired_t": t_of(paired_gap(a, b, scale_range=WIDE)),
        "alpha_formula": alpha(data),
        "welch": p_of(welch_gap(a, b, scale_range=WIDE)),
        "dz": d_of(cohens_dz(a, b)),
    }


def _boundary(case: Case) -> Answer:
    n = int(case.options["input"]["n"])
    return {
        "wilson_0": interval_of(wilson_interval(0, n)),
        "wilson_n": interval_of(wilson_interval(n, n)),
        "census_fpc": fpc_factor(n, n),
    }


def _constant_difference(case: Case) -> Answer:
    x, y = (values_of(case.options["input"][name]) for name in ("x", "y"))
    return {
        "t": p_of(paired_gap(x, y, scale_range=WIDE)),
        "dz": d_of(cohens_dz(x, y)),
        "wilcox": signed_rank_p(wilcoxon_signed_rank(x, y)),
    }


def _empty_segment(case: Case) -> Answer:
    y, group = values_of(case.options["input"]["y"]), np.array(case.options["input"]["g"])
    first, second = y[group == "A"], y[group == "B"]
    return {
        "oneway": p_of(welch_gap(first, second, scale_range=WIDE)),
        "one_person_welch": p_of(welch_gap(first, second[:1], scale_range=WIDE)),
        "one_person_t": p_of(welch_gap(first, second[:1], scale_range=WIDE)),
        "mean_of_empty": estimate_mean([]),
    }


def _huge(case: Case) -> Answer:
    sd = sd_of(case.options["input"]["x"])
    return {
        "var": sd**2,
        "inf_in_data": refused(lambda: estimate_mean([1.0, np.inf])),
        "t_inf": refused(lambda: estimate_mean([1.0, 2.0, np.inf])),
    }


def _missing_alpha(case: Case) -> Answer:
    answer = cronbach_alpha(columns(case))
    assert isinstance(answer, AlphaEstimate)
    return {"listwise": answer.alpha, "n_complete": answer.n}


def _negative_alpha(case: Case) -> Answer:
    data = columns(case)
    return {"alpha": both_alphas(data), "multilevel": {"Alpha": alpha(data), "N": len(data)}}


def _perfect_negative(case: Case) -> Answer:
    return {"formula": alpha(columns(case))}


def _adjust(case: Case) -> Answer:
    return {
        "empty": list(benjamini_hochberg([])),
        "one": float(adjust_p([0.03], "holm")[0]),
        "with_na_BH": list(benjamini_hochberg(values_of(case.options["input"]["with_na"]))),
        "with_na_holm": list(adjust_p(values_of(case.options["input"]["with_na"]), "holm")),
        "n_larger": list(adjust_p([0.01, 0.02], "holm", n_tests=5)),
        "zeros_ones": list(benjamini_hochberg([0.0, 1.0, 0.5])),
    }


def _reverse_coded(case: Case) -> Answer:
    data = columns(case)
    turned = data.copy()
    turned[:, 2] = float(case.options["input"]["fixed"].split("->")[1].split("-")[0]) - turned[:, 2]
    wrong = cronbach_alpha(data)
    assert isinstance(wrong, AlphaEstimate)
    return {
        "alpha_wrong": both_alphas(data),
        "alpha_fixed": both_alphas(turned),
        "r_drop_wrong": list(item_rest_correlations(data)),
        "feldt_ci_wrong": [wrong.ci_low, wrong.ci_high],
    }


def _rwg(case: Case) -> Answer:
    x, points = values_of(case.options["input"]["x"]), int(case.options["input"]["A"])
    single = single_item_agreement(x, points=points)
    assert isinstance(single, AgreementEstimate)
    assert single.out_of_range
    return {
        "raw_formula": single.lindell,
        "multilevel": single.rwg,
        "rwgj": rwg_of(within_group_agreement(np.column_stack([x, x[::-1]]), points=points)),
        "one_rater": [{"grpid": "1", "rwg": single_item_agreement(x[:1], points=points), "gsize": 1}],
    }


def _single_item(case: Case) -> Answer:
    data = columns(case)
    return {"psych": alpha(data), "multilevel": {"Alpha": alpha(data), "N": len(data)}}


def _ties(case: Case) -> Answer:
    x, y = (values_of(case.options["input"][name]) for name in ("x", "y"))
    groups, pairs, several = mann_whitney(x, y), wilcoxon_signed_rank(x, y), kruskal_wallis([x, y])
    assert isinstance(groups, MannWhitneyEstimate)
    assert isinstance(pairs, SignedRankEstimate)
    assert isinstance(several, KruskalWallisEstimate)
    return {
        "spearman": rho_of(spearman(x, y)),
        "mw_default": groups.p_continuity,
        "mw_corrected": groups.p_value,
        "wsr_default": pairs.p_continuity,
        "wsr_nocorr": pairs.p_value,
        "n_nonzero": pairs.n - pairs.n_zero,
        "kruskal": several.p_value,
    }


def _two_items(case: Case) -> Answer:
    data = columns(case)
    answer = spearman_brown(data)
    assert isinstance(answer, AlphaEstimate)
    return {"alpha": both_alphas(data), "spearman_brown": answer.alpha}


def _unequal(case: Case) -> Answer:
    y, group = values_of(case.options["input"]["y"]), np.array(case.options["input"]["g"])
    first, second = y[group == "A"], y[group == "B"]
    size = cohens_d(first, second)
    assert isinstance(size, EffectEstimate)
    return {
        "welch": t_of(welch_gap(first, second, scale_range=WIDE)),
        "d": [size.effect_size, size.ci_low, size.ci_high],
    }


def _constant_item(case: Case) -> Answer:
    data = columns(case)
    return {"alpha_formula": alpha(data), "alpha_multilevel": {"Alpha": alpha(data), "N": len(data)}}


EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "all_equal_answers": _all_equal,
    "alpha_k2_perfect_negative": _perfect_negative,
    "boundary_proportions": _boundary,
    "constant_nonzero_difference": _constant_difference,
    "empty_segment": _empty_segment,
    "infinite_and_huge": _huge,
    "missing.alpha": _missing_alpha,
    "n_1": _few,
    "n_2": _few,
    "n_3": _few,
    "negative_alpha": _negative_alpha,
    "p_adjust_edge": _adjust,
    "reverse_coded": _reverse_coded,
    "rwg_out_of_range": _rwg,
    "single_item_scale": _single_item,
    "ties": _ties,
    "two_item_scale": _two_items,
    "unequal_groups": _unequal,
    "wilcoxon_all_zero": _constant_difference,
    "zero_variance_item": _constant_item,
}
