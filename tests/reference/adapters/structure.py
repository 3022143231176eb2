"""Structure of scales: factors, sampling adequacy, omega, intervals of alpha."""

from collections.abc import Callable, Mapping
from math import lgamma

import numpy as np
from scipy.stats import chi2

from diagnosis.stats.bootstrap import BootstrapInterval
from diagnosis.stats.factor_analysis import (
    Adequacy,
    FactorCounts,
    FactorSolution,
    SingleFactor,
    count_factors,
    explore_factors,
    sampling_adequacy,
    single_factor,
)
from diagnosis.stats.item_analysis import bootstrap_alpha
from diagnosis.stats.omega import OmegaEstimate, omega_total
from tests.reference.adapters.reading import Answer, scale_items
from tests.reference.case import Case


def _adequacy(case: Case, matrix: np.ndarray) -> Adequacy:
    found = sampling_adequacy(matrix, minimum=3)
    assert isinstance(found, Adequacy), found
    return found


def _kmo(case: Case) -> Answer:
    found = _adequacy(case, scale_items(case))
    return {"kmo": found.kmo, "msa_item": dict(zip(case.options["items"], found.kmo_items, strict=True))}


def _bartlett(case: Case) -> Answer:
    found = _adequacy(case, scale_items(case))
    return {
        "chisq": found.chi_square,
        "df": found.df,
        "p_value": found.p_value,
        "log10_p": _log10_tail(found.chi_square, found.df),
    }


def _log10_tail(chi_square: float, df: int) -> float:
    """log10 of the upper tail for an even number of degrees of freedom, also where the tail itself underflows."""
    if df % 2:
        return float(chi2.logsf(chi_square, df)) / np.log(10.0)
    half = chi_square / 2.0
    terms = [k * np.log(half) - lgamma(k + 1.0) for k in range(df // 2)]
    return float((-half + np.logaddexp.reduce(terms)) / np.log(10.0))


def _eigenvalues(case: Case) -> Answer:
    values = np.array(_adequacy(case, case.matrix(case.options["vars"])).eigenvalues)
    return {
        "eigenvalues": values.tolist(),
        "pct": (100.0 * values / values.sum()).tolist(),
        "n_gt_1": int((values > 1.0).sum()),
    }


def _omega(case: Case) -> Answer:
    found = omega_total(scale_items(case))
    assert isinstance(found, OmegaEstimate), found
    items = case.options["items"]
    expected = case.expected["loadings_unstandardized"]
    turn = 1.0 if sum(expected.values()) >= 0.0 else -1.0  # the sign of a factor is free
    return {
        "omega_model_var": found.omega,
        "omega_observed_var": found.omega_observed,
        "loadings_unstandardized": {
            item: turn * loading for item, loading in zip(items, found.loadings, strict=True)
        },
        "residual_variances": dict(zip(items, found.residuals, strict=True)),
    }


def _alpha_bootstrap(case: Case) -> Answer:
    matrix = scale_items(case)
    rows = matrix[~np.isnan(matrix).any(axis=1)][: case.options["rows_used"]]
    found = bootstrap_alpha(rows, n_draws=int(case.options["R"]))
    assert isinstance(found, BootstrapInterval), found
    return {
        "alpha": found.estimate,
        "percentile": list(found.percentile),
        "bca": list(found.bca or ()),
        "basic": list(found.basic),
        "boot_se": found.se,
    }


def _factors(case: Case) -> Answer:
    names, m = case.options["vars"], case.options["nfactors"]
    found = explore_factors(case.matrix(names), m, minimum=3)
    assert isinstance(found, FactorSolution), found
    ours, expected = np.array(found.pattern), np.array([case.expected["pattern"][name] for name in names])
    order, signs = _matching(ours, expected)
    pattern = ours[:, order] * signs
    phi = np.array(found.factor_correlations)[np.ix_(order, order)] * np.outer(signs, signs)
    return {
        "pattern": dict(zip(names, pattern.tolist(), strict=True)),
        "phi": dict(zip(case.expected["phi"], phi.tolist(), strict=True)),
        "communality": dict(zip(names, found.communalities, strict=True)),
        "rms_residual": found.rms_residual,
        "tli": found.tli,
        "rmsea": found.rmsea,
    }


def _matching(ours: np.ndarray, expected: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Order and sign of our factors that fit the expected columns best."""
    inner = ours.T @ expected
    order = [int(np.abs(inner[:, column]).argmax()) for column in range(expected.shape[1])]
    return order, np.array([np.sign(inner[ours_column, column]) for column, ours_column in enumerate(order)])


def _parallel(case: Case) -> Answer:
    found = count_factors(case.matrix(case.options["vars"]), minimum=3)
    assert isinstance(found, FactorCounts), found
    return {"n_components": found.components, "n_factors": found.factors}


def _harman(case: Case) -> Answer:
    found = single_factor(case.matrix(case.options["vars"]), minimum=3)
    assert isinstance(found, SingleFactor), found
    return {
        "pca_first_pct": 100.0 * found.component_share,
        "minres_first_pct": 100.0 * found.factor_share,
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "bartlett_sphericity": _bartlett,
    "cronbach_alpha_ci_bootstrap": _alpha_bootstrap,
    "efa_minres_oblimin": _factors,
    "eigenvalues_pca": _eigenvalues,
    "harman_single_factor": _harman,
    "kmo": _kmo,
    "omega_total_cfa": _omega,
    "parallel_analysis": _parallel,
}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
