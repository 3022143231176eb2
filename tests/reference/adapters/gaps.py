"""Scores, reliability, gaps, precision and agreement: one adapter per statistic, naming the answer as the case does."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

import numpy as np
import pytest

from diagnosis.stats.adjusting import adjust_p
from diagnosis.stats.agreement import AgreementEstimate, single_item_agreement, within_group_agreement
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.correlation import PearsonEstimate, pearson
from diagnosis.stats.effect_variants import PairedEffects, average_variance_d, glass_delta, paired_effects
from diagnosis.stats.effects import cohens_d, cohens_dav, cohens_dz
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.item_analysis import AlphaVariants, alpha_variants, guttman_lambda6, item_statistics
from diagnosis.stats.means import estimate_mean, fpc_factor
from diagnosis.stats.power import exact_needed_n, margin_of_error, needed_n, paired_needed_n, paired_power
from diagnosis.stats.proportions import (
    clopper_pearson_interval,
    share_error,
    share_margin_of_error,
    wilson_interval,
)
from diagnosis.stats.rank import spearman
from diagnosis.stats.results import (
    MeanEstimate,
    NotEnough,
    ProportionEstimate,
)
from diagnosis.stats.scales import (
    alpha_if_item_deleted,
    difference_reliability,
    item_rest_correlations,
    mean_inter_item_correlation,
    score_dimension,
    standardized_alpha,
)
from tests.reference.adapters.reading import (
    WIDE,
    Answer,
    alpha_of,
    effect,
    estimated,
    scale_items,
    two_groups,
    two_times,
)
from tests.reference.case import Case, values_of


def _alpha(case: Case) -> Answer:
    return {"alpha": alpha_of(scale_items(case)).alpha}


def _alpha_interval(case: Case) -> Answer:
    answer = alpha_of(scale_items(case))
    return {"alpha": answer.alpha, "lower": answer.ci_low, "upper": answer.ci_high}


def _alpha_missing(case: Case) -> Answer:
    answer = alpha_of(scale_items(case))
    others = alpha_variants(scale_items(case))
    assert isinstance(others, AlphaVariants), others
    return {
        "listwise": answer.alpha,
        "listwise_n": answer.n,
        "pairwise": others.pairwise,
        "pairwise_std": others.pairwise_standardized,
        "person_mean_imputed": others.person_mean,
    }


def _alpha_standardized(case: Case) -> Answer:
    matrix = scale_items(case)
    return {
        "std_alpha": standardized_alpha(matrix),
        "mean_interitem_r": mean_inter_item_correlation(matrix),
        "guttman_lambda6": guttman_lambda6(matrix),
    }


def _alpha_deleted(case: Case) -> Answer:
    values = alpha_if_item_deleted(scale_items(case))
    return {"alpha_if_deleted": dict(zip(case.options["items"], values, strict=True))}


def _item_rest(case: Case) -> Answer:
    rows = item_statistics(scale_items(case))
    assert not isinstance(rows, NotEnough), rows
    assert item_rest_correlations(scale_items(case)) == pytest.approx(tuple(row.r_rest for row in rows))
    parts = {
        "r_drop": "r_rest",
        "r_total_uncorrected": "r_total",
        "r_cor_smc": "r_corrected",
        "item_mean": "mean",
        "item_sd": "sd",
    }
    return {
        key: {item: getattr(row, part) for item, row in zip(case.options["items"], rows, strict=True)}
        for key, part in parts.items()
    }


def _scale_score(case: Case) -> Answer:
    matrix = scale_items(case)
    rules = {"any": 1.0 / matrix.shape[1], "half": 0.5, "complete": 1.0}
    answers = {}
    for name, share in rules.items():
        answer = estimate_mean(score_dimension(matrix, min_share=share))
        assert isinstance(answer, MeanEstimate)
        answers[name] = {"n": answer.n, "mean": answer.mean, "sd": answer.sd}
    return answers


def _difference_reliability(case: Case) -> Answer:
    options = case.options
    asked = [*options.get("positive_items", []), *options.get("reversed_items", [])]
    names = list(options.get("items", asked))
    everything = [name for name in case.names() if "__t" in name]
    complete = ~np.isnan(case.matrix(everything)).any(axis=1)
    sides = []
    for time in ("t1", "t2"):
        matrix = case.matrix([f"{name}__{time}" for name in names])[complete]
        for name in options.get("reversed_items", []):
            matrix[:, names.index(name)] = 5.0 - matrix[:, names.index(name)]
        sides.append(matrix)
    alphas = [alpha_of(matrix).alpha for matrix in sides]
    scores = [matrix.mean(axis=1) for matrix in sides]
    value = difference_reliability(scores[1], scores[0], alpha_later=alphas[1], alpha_earlier=alphas[0])
    between = pearson(scores[1], scores[0])
    spreads = [estimate_mean(score) for score in scores]
    assert all(isinstance(spread, MeanEstimate) for spread in spreads)
    return {
        "alpha_x": alphas[0],
        "alpha_y": alphas[1],
        "r_xy": between.r,
        "sd_x": spreads[0].sd,
        "sd_y": spreads[1].sd,
        "reliability_difference": value,
        "alpha_of_item_differences": alpha_of(sides[1] - sides[0]).alpha,
    }


def _welch(case: Case) -> Answer:
    gap = estimated(welch_gap(*two_groups(case), scale_range=WIDE))
    return {
        "t": gap.t,
        "df": gap.df,
        "p_value": gap.p_value,
        "ci": [gap.ci_low, gap.ci_high],
        "estimate": gap.estimate,
        "stderr": gap.se,
        "mean1": gap.mean_later,
        "mean2": gap.mean_earlier,
        "sd1": gap.sd_later,
        "sd2": gap.sd_earlier,
    }


def _paired(case: Case) -> Answer:
    gap = estimated(
        paired_gap(case.column(case.options["y"]), case.column(case.options["x"]), scale_range=WIDE)
    )
    return {
        "t": gap.t,
        "df": gap.df,
        "p_value": gap.p_value,
        "ci": [gap.ci_low, gap.ci_high],
        "estimate": gap.estimate,
        "stderr": gap.se,
    }


def _gap_table(case: Case) -> Answer:
    rows = {}
    for item in case.options["items"]:
        sides = two_times(case, item)
        gap, correlation = estimated(paired_gap(*sides, scale_range=WIDE)), pearson(*sides)
        assert isinstance(correlation, PearsonEstimate)
        rows[item] = {
            "n": gap.n_later,
            "mean_t1": gap.mean_earlier,
            "mean_t2": gap.mean_later,
            "sd_t1": gap.sd_earlier,
            "sd_t2": gap.sd_later,
            "gap": gap.estimate,
            "sd_gap": gap.se * gap.n_later**0.5,
            "r": correlation.r,
            "t": gap.t,
            "df": gap.df,
            "p_value": gap.p_value,
            "ci": [gap.ci_low, gap.ci_high],
        }
    return rows


def _d_independent(case: Case) -> Answer:
    groups = two_groups(case)
    gap = estimated(welch_gap(*groups, scale_range=WIDE))
    corrected = effect(cohens_d(*groups, corrected=True))
    assert gap.g is not None
    assert abs(gap.g - corrected["estimate"]) < 1e-12
    return {
        "d": effect(cohens_d(*groups)),
        "g": corrected,
        "d_avg_var": effect(average_variance_d(*groups)),
        "glass_delta": effect(glass_delta(*groups)),
    }


def _d_av(case: Case) -> Answer:
    sides = two_times(case, case.options["item"])
    others = paired_effects(*sides)
    assert isinstance(others, PairedEffects)
    assert abs(others.d_av - cohens_dav(*sides)) < 1e-12
    return {
        "d_av": others.d_av,
        "d_av_arith_mean_sd": others.d_av_mean_sd,
        "d_rm": others.d_rm,
        "d_glass_t1": others.d_glass,
        "effsize_cohen_d_paired_default": others.d_rm,
        "effsize_cohen_d_paired_noncorrected": others.d_z,
    }


def _d_z(case: Case) -> Answer:
    sides = two_times(case, case.options["item"])
    plain, corrected = effect(cohens_dz(*sides)), effect(cohens_dz(*sides, corrected=True))
    gap, others = estimated(paired_gap(*sides, scale_range=WIDE)), paired_effects(*sides)
    assert isinstance(others, PairedEffects)
    return {
        "d_z": plain,
        "g_z": corrected,
        "d_z_formula": gap.d_z,
        "g_z_exactJ": corrected["estimate"],
        "g_z_approxJ": others.g_z_approximate,
    }


def _bh(case: Case) -> Answer:
    if "p" in case.options:
        given = values_of(case.options["p"])
        return {method: list(adjust_p(given, method)) for method in ("BH", "holm", "bonferroni")}
    items = case.options["items"]
    p_values = [estimated(paired_gap(*two_times(case, item), scale_range=WIDE)).p_value for item in items]
    adjusted = benjamini_hochberg(p_values)
    return {
        "p_raw": dict(zip(items, p_values, strict=True)),
        "p_adjusted": dict(zip(items, adjusted, strict=True)),
    }


def _power(case: Case) -> Answer:
    d_z = float(case.options["d_z"])
    return {"n_for_80": paired_needed_n(d_z), "power_at_50": paired_power(d_z, 50)}


def _fpc_margin(case: Case) -> Answer:
    population, n, x = (int(case.options[name]) for name in ("N", "n", "x"))
    wilson, exact = wilson_interval(x, n), clopper_pearson_interval(x, n)
    assert isinstance(wilson, ProportionEstimate)
    assert isinstance(exact, ProportionEstimate)
    return {
        "p": wilson.share,
        "fpc_factor": fpc_factor(n, population),
        "moe_textbook": share_margin_of_error(x, n, population=population),
        "moe_survey": share_margin_of_error(x, n, population=population, fpc_rule="design"),
        "moe_worst_case_p50": margin_of_error(0.5, n, population=population, use_t=False),
        "moe_no_fpc": share_margin_of_error(x, n),
        "wilson": [wilson.ci_low, wilson.ci_high],
        "clopper_pearson": [exact.ci_low, exact.ci_high],
        "se_survey": share_error(x, n, population=population, fpc_rule="design"),
        "required_n_e05_real": exact_needed_n(0.5, 0.05, population=population),
        "required_n_e05": needed_n(0.5, 0.05, population=population),
    }


def _fpc_mean(case: Case) -> Answer:
    y, population = case.column(case.options["y"]), int(case.options["N"])
    answer = estimate_mean(y, population=population, fpc_rule="design")
    normal = estimate_mean(y, population=population, fpc_rule="design", limits="normal")
    assert isinstance(answer, MeanEstimate)
    assert isinstance(normal, MeanEstimate)
    return {
        "mean": answer.mean,
        "se": answer.se,
        "ci_t": [answer.ci_low, answer.ci_high],
        "ci_z": [normal.ci_low, normal.ci_high],
    }


def _top_box(case: Case) -> Answer:
    scores = case.column("score")
    boxes = {"top2": scores >= 9, "top3": scores >= 8, "bottom7": scores <= 6}
    answers = {}
    for name, members in boxes.items():
        answer = wilson_interval(int(members.sum()), scores.size)
        assert isinstance(answer, ProportionEstimate)
        answers[name] = {"share": answer.share, "wilson": [answer.ci_low, answer.ci_high]}
    return answers


def _spearman(case: Case) -> Answer:
    names = case.options["vars"]
    answers = {}
    for index, one in enumerate(names):
        for two in names[index + 1 :]:
            answers[f"{one} ~ {two}"] = asdict(spearman(case.column(one), case.column(two)))
    return answers


def _rwg_j(case: Case) -> Answer:
    options = case.options
    groups = case.text(options["group"])
    matrix, points = case.matrix(options["items"]), int(options["A"])
    named = np.array(groups)
    scales: dict[str, AgreementEstimate] = {}
    firsts: dict[str, AgreementEstimate] = {}
    for group in dict.fromkeys(groups):
        rows = matrix[named == group]
        scale, first = (
            within_group_agreement(rows, points=points),
            single_item_agreement(rows[:, 0], points=points),
        )
        assert isinstance(scale, AgreementEstimate)
        assert isinstance(first, AgreementEstimate)
        scales[group], firsts[group] = scale, first
    values = np.array([answer.rwg for answer in scales.values()])
    shown = [row["group"] for row in case.expected["first_groups"]]
    shown_first = [row["group"] for row in case.expected["rwg_item1_first"]]
    return {
        "mean": values.mean(),
        "median": np.median(values),
        "min": values.min(),
        "share_ge_70": float((values >= 0.7).mean()),
        "first_groups": [{"group": g, "rwgj": scales[g].rwg, "n": scales[g].n} for g in shown],
        "rwg_item1_mean": np.mean([answer.rwg for answer in firsts.values()]),
        "rwg_item1_first": [{"group": g, "rwg": firsts[g].rwg} for g in shown_first],
        "lindell_mean": np.mean([answer.lindell for answer in scales.values()]),
        "ad_m_mean": np.mean([answer.average_deviation for answer in scales.values()]),
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "cohen_d_independent": _d_independent,
    "cohen_dav_paired": _d_av,
    "cohen_dz_paired": _d_z,
    "corrected_item_total_correlation": _item_rest,
    "correlation_spearman": _spearman,
    "cronbach_alpha": _alpha,
    "cronbach_alpha_ci_feldt": _alpha_interval,
    "cronbach_alpha_missing": _alpha_missing,
    "cronbach_alpha_standardized": _alpha_standardized,
    "alpha_if_item_deleted": _alpha_deleted,
    "difference_score_reliability": _difference_reliability,
    "finite_population_margin_of_error": _fpc_margin,
    "finite_population_mean_ci": _fpc_mean,
    "gap_table_paired_t": _gap_table,
    "p_adjust.BH": _bh,
    "paired_t": _paired,
    "power_paired_t": _power,
    "rwg_j": _rwg_j,
    "scale_score_missing": _scale_score,
    "top_box_share": _top_box,
    "welch_t": _welch,
}
