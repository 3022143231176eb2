"""Groups and shares: ranks, analysis of variance, correlations, weights, net promoter score, bootstrap, adjustments."""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from charts.theme import PAPER
from crmgap_site.templatetags.portal import percent
from diagnosis.stats.adjusting import Adjustment, adjust_p
from diagnosis.stats.anova import WelchAnovaEstimate, games_howell, welch_anova
from diagnosis.stats.bootstrap import BootstrapInterval, PairedBootstrap, bootstrap_paired_mean
from diagnosis.stats.contingency import IndependenceEstimate, chi_square_independence
from diagnosis.stats.correlation import (
    CorrelationMatrix,
    PearsonEstimate,
    correlation_matrix,
    pearson,
    repaired,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import paired_gap
from diagnosis.stats.intraclass import IntraclassEstimate, intraclass_correlation
from diagnosis.stats.means import estimate_mean
from diagnosis.stats.nps import NetPromoterEstimate, net_promoter_difference, net_promoter_score
from diagnosis.stats.printed import Printed, read_printed
from diagnosis.stats.rank_tests import (
    KruskalWallisEstimate,
    MannWhitneyEstimate,
    SignedRankEstimate,
    kruskal_wallis,
    mann_whitney,
    wilcoxon_signed_rank,
)
from diagnosis.stats.results import GapEstimate, MeanEstimate, NotEnough
from diagnosis.stats.weighted import (
    WeightedDifference,
    WeightedSummary,
    weighted_difference,
    weighted_summary,
)
from tests.reference.adapters.gap_edges import refused
from tests.reference.adapters.reading import WIDE, Answer, estimated, two_groups, two_times
from tests.reference.case import Case, values_of

MONTE_CARLO_POINTS = 1.0
MOST_EXACT = 1_000
FORMULA_LETTERS = set("0123456789.+-*/() _=<>!,") | set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)


def _by_level(case: Case) -> dict[str, NDArray[np.float64]]:
    """Return the outcome of each level, in the order of the case."""
    outcome, group = case.column(case.options["y"]), np.array(case.text(case.options["group"]))
    return {str(level): outcome[group == str(level)] for level in case.options["levels"]}


def _mann_whitney(case: Case) -> Answer:
    answer = mann_whitney(*two_groups(case))
    assert isinstance(answer, MannWhitneyEstimate)
    return {
        "U1": answer.u,
        "p_no_continuity": answer.p_value,
        "p_continuity": answer.p_continuity,
        "z": answer.z,
        "common_language": answer.common_language,
        "rank_biserial": answer.rank_biserial,
        "cliff_delta": answer.cliffs_delta,
    }


def _signed_rank(case: Case) -> Answer:
    answer = wilcoxon_signed_rank(*two_times(case, case.options["item"]), exact_up_to=MOST_EXACT)
    assert isinstance(answer, SignedRankEstimate)
    assert answer.n == case.options["n"]
    assert answer.n_zero == case.options["n_zero"]
    return {
        "V": answer.v,
        "p_no_continuity": answer.p_value,
        "p_continuity": answer.p_continuity,
        "z_wilcoxon": answer.z,
        "p_wilcoxon": answer.p_value,
        "p_exact_conditional": answer.p_exact,
        "z_pratt": answer.z_pratt,
        "p_pratt": answer.p_pratt,
        "rank_biserial": answer.rank_biserial,
    }


def _kruskal(case: Case) -> Answer:
    answer = kruskal_wallis(list(_by_level(case).values()))
    assert isinstance(answer, KruskalWallisEstimate)
    return {"H": answer.h, "df": answer.df, "p_value": answer.p_value}


def _welch_anova(case: Case) -> Answer:
    groups = _by_level(case)
    answer = welch_anova(list(groups.values()))
    assert isinstance(answer, WelchAnovaEstimate)
    described = {level: _described(values) for level, values in groups.items()}
    return {
        "F": answer.f,
        "df1": answer.df1,
        "df2": answer.df2,
        "p_value": answer.p_value,
        "group_n": {level: one.n for level, one in described.items()},
        "group_mean": {level: one.mean for level, one in described.items()},
        "group_sd": {level: one.sd for level, one in described.items()},
    }


def _described(values: NDArray[np.float64]) -> MeanEstimate:
    answer = estimate_mean(values)
    assert isinstance(answer, MeanEstimate)
    return answer


def _games_howell(case: Case) -> Answer:
    pairs = games_howell(_by_level(case))
    assert isinstance(pairs, tuple)
    return {
        f"{pair.first} - {pair.second}": {
            "diff": pair.difference,
            "se": pair.se,
            "t": pair.t,
            "df": pair.df,
            "p_value": pair.p_value,
            "ci": [pair.ci_low, pair.ci_high],
        }
        for pair in pairs
    }


def _intraclass(case: Case) -> Answer:
    outcome, unit = case.column(case.options["y"]), np.array(case.text(case.options["group"]))
    answer = intraclass_correlation([outcome[unit == name] for name in dict.fromkeys(unit)])
    assert isinstance(answer, IntraclassEstimate)
    return {
        "icc1": answer.icc1,
        "icc2": answer.icc2,
        "msb": answer.msb,
        "msw": answer.msw,
        "F": answer.f,
        "p": answer.p_value,
        "eta2": answer.eta_squared,
        "icc1_k0": answer.icc1_k0,
        "icc1_reml": answer.icc1_reml,
    }


def _pearson_of(one: NDArray[np.float64], two: NDArray[np.float64]) -> dict[str, Any]:
    answer = pearson(one, two)
    assert isinstance(answer, PearsonEstimate)
    return {
        "n": answer.n,
        "r": answer.r,
        "t": answer.t,
        "df": answer.n - 2,
        "p_value": answer.p_value,
        "ci": [answer.ci_low, answer.ci_high],
    }


def _pearson(case: Case) -> Answer:
    return _pearson_of(case.column(case.options["x"]), case.column(case.options["y"]))


def _pearson_pairs(case: Case) -> Answer:
    return {
        f"{one} ~ {two}": _pearson_of(case.column(one), case.column(two))
        for one, two in combinations(case.options["vars"], 2)
    }


def _missing_rule(case: Case) -> Answer:
    names = case.options["vars"]
    answers = {}
    for rule in ("pairwise", "listwise"):
        matrix = correlation_matrix(case.matrix(names), rule=rule)
        assert isinstance(matrix, CorrelationMatrix)
        answers[rule] = {name: list(row) for name, row in zip(names, matrix.values, strict=True)}
    return answers


def _chi_square(case: Case) -> Answer:
    row_of, column_of = case.text(case.options["rows"]), case.text(case.options["cols"])
    rows, columns = list(dict.fromkeys(row_of)), list(dict.fromkeys(column_of))
    table = np.zeros((len(rows), len(columns)))
    for row, column, count in zip(row_of, column_of, case.column(case.options["freq"]), strict=True):
        table[rows.index(row), columns.index(column)] += count
    answer = chi_square_independence(table)
    assert isinstance(answer, IndependenceEstimate)
    return {
        "chisq": answer.chi_square,
        "df": answer.df,
        "p_value": answer.p_value,
        "cramers_v": answer.cramers_v,
        "cramers_v_bias_corrected": answer.cramers_v_corrected,
        "stdres": {name: list(answer.adjusted_residuals[:, index]) for index, name in enumerate(columns)},
        "rownames": rows,
    }


def _icc_negative(case: Case) -> Answer:
    y, unit = values_of(case.options["input"]["y"]), values_of(case.options["input"]["g"])
    answer = intraclass_correlation([y[unit == name] for name in np.unique(unit)])
    assert isinstance(answer, IntraclassEstimate)
    assert answer.icc2 is None, "units with the same mean have no reliability of means"
    return {"icc1": answer.icc1}


def _not_psd(case: Case) -> Answer:
    data = case.options["input"]["data"]
    matrix = correlation_matrix(np.column_stack([values_of(column) for column in data.values()]))
    assert isinstance(matrix, CorrelationMatrix)
    assert not matrix.is_valid, "the product must notice that no data have these correlations"
    assert np.linalg.eigvalsh(repaired(matrix))[0] >= 0
    return {
        "min_eigenvalue": matrix.smallest_eigenvalue,
        "pairs_n": {name: list(row) for name, row in zip(data, matrix.pairs, strict=True)},
    }


def _bootstrap(case: Case) -> Answer:
    answer = bootstrap_paired_mean(*two_times(case, case.options["item"]), n_draws=20_000)
    assert isinstance(answer, PairedBootstrap)
    assert isinstance(answer.d_z, BootstrapInterval)
    assert answer.mean.bca is not None
    assert answer.d_z.bca is not None
    return {
        "gap": answer.mean.estimate,
        "boot_se_gap": answer.mean.se,
        "gap_percentile": list(answer.mean.percentile),
        "gap_bca": list(answer.mean.bca),
        "gap_basic": list(answer.mean.basic),
        "dz_percentile": list(answer.d_z.percentile),
        "dz_bca": list(answer.d_z.bca),
    }


def _nps(case: Case) -> Answer:
    answer = net_promoter_score(case.column("score"))
    assert isinstance(answer, NetPromoterEstimate)
    assert answer.wald is not None
    assert answer.t is not None
    assert answer.bootstrap is not None
    assert np.abs(np.subtract(answer.bootstrap, case.expected["boot_percentile"])).max() <= MONTE_CARLO_POINTS
    return {
        "promoters": answer.promoters,
        "passives": answer.passives,
        "detractors": answer.detractors,
        "nps": answer.score,
        "se_n": answer.se_wald,
        "ci_wald_z": list(answer.wald),
        "se_n_minus_1": answer.se,
        "ci_t": list(answer.t),
    }


def _nps_difference(case: Case) -> Answer:
    scores = case.column("score")
    odd, even = scores[0::2], scores[1::2]
    answer = net_promoter_difference(odd, even)
    assert isinstance(answer, GapEstimate)
    return {
        "nps1": answer.mean_later,
        "nps2": answer.mean_earlier,
        "diff": answer.estimate,
        "se": answer.se,
        "t": answer.t,
        "df": answer.df,
        "p": answer.p_value,
        "ci": [answer.ci_low, answer.ci_high],
    }


def _weights_of(case: Case) -> NDArray[np.float64]:
    """Return the weights from their formula over the columns of the file."""
    formula = str(case.options["weight"]).replace("^", "**")
    assert set(formula) <= FORMULA_LETTERS, formula
    held: dict[str, Any] = {name: case.column(name) for name in case.names() if name in formula}
    held |= {"sqrt": np.sqrt, "exp": np.exp, "log": np.log, "abs": np.abs}
    return np.asarray(eval(formula, {"__builtins__": {}}, held), dtype=np.float64)  # noqa: S307


def _weighted(case: Case) -> Answer:
    y, weights = case.column(case.options["y"]), _weights_of(case)
    group = case.column(case.options.get("group", "gender"))
    complete = ~(np.isnan(y) | np.isnan(weights))
    y, weights, group = y[complete], weights[complete], group[complete]
    summary = weighted_summary(y, weights)
    normal = estimate_mean(y, weights=weights, limits="normal")
    levels = case.expected["by_group"]["group"]
    test = weighted_difference(y, weights, group == levels[1])
    assert isinstance(summary, WeightedSummary)
    assert isinstance(normal, MeanEstimate)
    assert isinstance(test, WeightedDifference)
    return {
        "n": summary.n,
        "sum_w": summary.sum_of_weights,
        "weighted_mean": summary.mean,
        "se_linearized": summary.se,
        "ci_z": [normal.ci_low, normal.ci_high],
        "kish_neff": summary.effective_n,
        "kish_deff": summary.design_effect,
        "svyvar": summary.variance,
        "cov_wt_unbiased_var": summary.unbiased_variance,
        "weighted_quantiles_25_50_75": list(summary.quartiles),
        "unweighted_mean": _described(y).mean,
        "svyttest": {"estimate": test.difference, "t": test.t, "df": test.df, "p": test.p_value},
        "by_group": {
            "group": levels,
            "mean": [test.mean_earlier, test.mean_later],
            "se": [test.se_earlier, test.se_later],
        },
    }


def _adjust(method: Adjustment) -> Callable[[Case], Answer]:
    def answer(case: Case) -> Answer:
        items = case.options["items"]
        gaps = [estimated(paired_gap(*two_times(case, item), scale_range=WIDE)) for item in items]
        p_values = [gap.p_value for gap in gaps]
        adjusted = adjust_p(p_values, method)
        return {
            "p_raw": dict(zip(items, p_values, strict=True)),
            "p_adjusted": dict(zip(items, adjusted, strict=True)),
        }

    return answer


def _odd_weights(case: Case) -> Answer:
    y, w = values_of(case.options["input"]["y"]), values_of(case.options["input"]["w"])
    plain, scaled = weighted_summary(y, w), weighted_summary(y, w * 10)
    without = weighted_summary(y, [0, *w[1:]])
    assert isinstance(plain, WeightedSummary)
    assert isinstance(scaled, WeightedSummary)
    assert isinstance(without, WeightedSummary)
    assert without.n == plain.n - 1
    with pytest.raises(StatisticsError):
        weighted_summary(y, [-1, *w[1:]])
    return {
        "mean": plain.mean,
        "se": plain.se,
        "se_scaled_x10": scaled.se,
        "zero_weight": without.mean,
        "na_weight": refused(lambda: weighted_summary(y, [np.nan, *w[1:]])),
        "all_zero": refused(lambda: weighted_summary(y, np.zeros(y.size))),
    }


def _nps_degenerate(case: Case) -> Answer:
    answers = {}
    for key, name in (("all9_t", "all9"), ("all7", "all7")):
        score = net_promoter_score(case.options["input"][name])
        assert isinstance(score, NetPromoterEstimate)
        assert score.score == {"all9": 100.0, "all7": 0.0}[name]
        assert score.adjusted[1] > score.adjusted[0]
        answers[key] = score.t or (None, None)
    for wrong in ([9, 11], [-1, 5]):
        with pytest.raises(StatisticsError):
            net_promoter_score(wrong)
    return {
        "all9_t": None if answers["all9_t"] == (None, None) else answers["all9_t"],
        "all7": answers["all7"],
    }


def _as_printed(texts: list[str]) -> list[float]:
    """Return what stands on paper as numbers again."""
    return [float(text.replace("\u2212", "-").replace("\u00a0%", "")) for text in texts]


def _percent_rounding(case: Case) -> Answer:
    counts = values_of(case.options["input"]["counts"])
    shares = _as_printed([PAPER.percent(float(share)) for share in counts / counts.sum()])
    portal = _as_printed([percent(share).replace("\u202f%", "") for share in counts / counts.sum()])
    assert portal == shares
    return {
        "r": shares,
        "sum": sum(shares),
        "half_even": _as_printed([PAPER.number(value, 0) for value in (0.5, 1.5, 2.5, -0.5)]),
        "decimal_binary": _as_printed([PAPER.number(value, 2) for value in (2.675, 1.005, 0.285)]),
    }


def _bad_values(case: Case) -> Answer:
    read = [refused(lambda text=text: read_printed(text)) for text in case.options["input"]["x"]]
    assert all(
        "," in text
        for text, number in zip(case.options["input"]["x"], read, strict=True)
        if isinstance(number, NotEnough)
    )
    numbers = [number.value if isinstance(number, Printed) else number for number in read]
    return {
        "as_numeric": numbers,
        "mean_99_missing": _described(
            np.array([n for n in numbers if isinstance(n, float) and n != 99])
        ).mean,
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "bootstrap_ci_mean_difference": _bootstrap,
    "chi_square_independence": _chi_square,
    "correlation_missing_rule": _missing_rule,
    "correlation_pearson": _pearson_pairs,
    "games_howell": _games_howell,
    "icc1_icc2": _intraclass,
    "kruskal_wallis": _kruskal,
    "mann_whitney": _mann_whitney,
    "nps_ci": _nps,
    "nps_difference": _nps_difference,
    "p_adjust.BY": _adjust("BY"),
    "p_adjust.bonferroni": _adjust("bonferroni"),
    "p_adjust.hochberg": _adjust("hochberg"),
    "p_adjust.holm": _adjust("holm"),
    "pearson_ci": _pearson,
    "weighted_statistics": _weighted,
    "welch_anova": _welch_anova,
    "wilcoxon_signed_rank": _signed_rank,
}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "icc_negative": _icc_negative,
    "missing.pairwise_corr_not_psd": _not_psd,
    "non_integer_weights": _odd_weights,
    "nps_degenerate": _nps_degenerate,
    "percent_rounding": _percent_rounding,
    "text_and_bad_values": _bad_values,
}
