"""Drivers: regression, importance, mediation, moderation, response surface, importance-performance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from diagnosis.stats.drivers import importance_shares, ranks_of, relative_weights
from diagnosis.stats.importance_performance import importance_performance
from diagnosis.stats.mediation import Mediation, Moderation, mediation, moderation
from diagnosis.stats.rank import spearman
from diagnosis.stats.regression import condition_index, ols, predictor_correlations, variance_inflation
from diagnosis.stats.response_surface import ResponseSurface, response_surface
from diagnosis.stats.results import NotEnough
from tests.reference.adapters.reading import Answer
from tests.reference.case import Case, values_of

FIELDS = {
    "concentrate": "concentrate here",
    "keep_up": "keep up the good work",
    "low_priority": "low priority",
    "overkill": "possible overkill",
}


def outcome_and_predictors(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcome and the matrix of predictors."""
    return case.column(case.options["y"]), case.matrix(case.options["x"])


def named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Name the values of the predictors."""
    return dict(zip(names, values, strict=True))


def fitted(answer: Any) -> Any:
    """Return the answer, which must not be a refusal."""
    assert not isinstance(answer, NotEnough), answer
    return answer


def _ols(case: Case) -> Answer:
    fit = fitted(ols(*outcome_and_predictors(case)))
    rows = [fit.intercept, *fit.coefficients]
    names = ["(Intercept)", *case.options["x"]]
    parts = {
        "coef": "estimate",
        "se": "se",
        "t": "t",
        "p": "p_value",
        "ci_low": "ci_low",
        "ci_high": "ci_high",
        "se_hc3": "se_hc3",
    }
    return {key: named(names, [getattr(row, part) for row in rows]) for key, part in parts.items()} | {
        "r2": fit.r2,
        "adj_r2": fit.adjusted_r2,
        "F": fit.f,
        "df1": fit.df_model,
        "df2": fit.df_residual,
        "sigma": fit.sigma,
        "aic": fit.aic,
        "bic": fit.bic,
    }


def _betas(case: Case) -> Answer:
    fit = fitted(ols(*outcome_and_predictors(case)))
    return {"beta": named(case.options["x"], [row.beta for row in fit.coefficients])}


def _vif(case: Case) -> Answer:
    _y, x = outcome_and_predictors(case)
    complete = x[~np.isnan(np.column_stack([_y, x])).any(axis=1)]
    return {
        "vif": named(case.options["x"], fitted(variance_inflation(complete))),
        "condition_index_corr": condition_index(complete),
    }


def _correlations(case: Case) -> Answer:
    rows = fitted(predictor_correlations(*outcome_and_predictors(case)))
    return {
        part: named(case.options["x"], [getattr(row, part) for row in rows])
        for part in ("zero_order", "partial", "semipartial")
    }


def _lmg(case: Case) -> Answer:
    weights = np.array(fitted(importance_shares(*outcome_and_predictors(case))))
    names = case.options["x"]
    return {
        "r2": float(weights.sum()),
        "lmg": named(names, weights.tolist()),
        "lmg_pct": named(names, (100.0 * weights / weights.sum()).tolist()),
        "rank": named(names, ranks_of(weights).astype(int).tolist()),
    }


def _johnson(case: Case) -> Answer:
    y, x = outcome_and_predictors(case)
    whole = np.column_stack([x, y])
    weights = relative_weights(np.corrcoef(whole[~np.isnan(whole).any(axis=1)], rowvar=False))
    names = case.options["x"]
    return {
        "raw": named(names, weights.tolist()),
        "rescaled_pct": named(names, (100.0 * weights / weights.sum()).tolist()),
    }


def _mediation(case: Case, *, n_draws: int) -> Mediation:
    columns = (case.column(case.options[name]) for name in ("x", "m", "y"))
    answer = mediation(*columns, minimum=4, n_draws=n_draws)
    assert isinstance(answer, Mediation), answer
    return answer


def _mediation_effects(case: Case) -> Answer:
    found = _mediation(case, n_draws=0)
    return {
        "a": found.a,
        "b": found.b,
        "c_prime": found.direct,
        "c_total": found.total,
        "indirect": found.indirect,
        "sobel_se": found.sobel_se,
        "sobel_z": found.sobel_z,
        "sobel_p": found.sobel_p,
        "se_a": found.se_a,
        "se_b": found.se_b,
        "proportion_mediated": found.share,
        "indirect_std": found.indirect_standardised,
    }


def _mediation_interval(case: Case) -> Answer:
    drawn = _mediation(case, n_draws=int(case.options["R"])).bootstrap
    assert drawn is not None
    return {
        "indirect": drawn.estimate,
        "boot_se": drawn.se,
        "percentile": list(drawn.percentile),
        "bca": list(drawn.bca or ()),
    }


def _moderation(case: Case) -> Answer:
    columns = (case.column(case.options[name]) for name in ("y", "x", "w"))
    found = moderation(*columns, minimum=6)
    assert isinstance(found, Moderation), found
    names = ["(Intercept)", "Xc", "Wc", "Xc:Wc"]
    slopes = dict(zip(("minus1sd", "mean", "plus1sd"), found.slopes, strict=True))
    return {
        "coef": named(names, found.estimates),
        "se": named(names, found.ses),
        "p": named(names, found.p_values),
        "r2": found.r2,
        "delta_r2_interaction": found.added_r2,
        "slopes": {
            name: {"w_centered": one.at, "slope": one.estimate, "se": one.se, "t": one.t, "p": one.p_value}
            for name, one in slopes.items()
        },
        "johnson_neyman_raw": list(found.bounds),
        "w_range": [found.moderator_low, found.moderator_high],
    }


def _surface(case: Case) -> Answer:
    options = case.options
    found = response_surface(
        case.column(options["outcome"]),
        case.column(options["x"]),
        case.column(options["y"]),
        midpoint=float(options["center"]),
        minimum=7,
        min_side_share=0.0,
        n_draws=0,
    )
    assert isinstance(found, ResponseSurface), found
    assert found.first_axis is not None
    assert found.second_axis is not None
    names = [f"b{number}" for number in range(6)]
    tests = {
        name: {"estimate": one.estimate, "se": one.se, "t": one.t, "p": one.p_value}
        for name, one in {"a1": found.a1, "a2": found.a2, "a3": found.a3, "a4": found.a4}.items()
    }
    return {
        "coef": named(names, found.estimates),
        "se": named(names, found.ses),
        "r2": found.r2,
        "r2_linear": found.r2_linear,
        "r2_difference_score": found.r2_difference,
        "F_quadratic_terms": found.f_quadratic,
        "p_quadratic_terms": found.p_quadratic,
        **tests,
        "stationary_point": {"x0": found.stationary_x, "y0": found.stationary_y},
        "principal_axis_1": asdict(found.first_axis),
        "principal_axis_2": asdict(found.second_axis),
    }


def _grid(case: Case) -> Answer:
    rows = [row for row in case.table(case.options["file"]) if row["item"].isdigit()]
    importance = np.array([float(row["mean_expectation"]) for row in rows])
    performance = np.array([float(row["mean_perception"]) for row in rows])
    grid = fitted(importance_performance(importance, performance))
    middle = fitted(importance_performance(importance, performance, cut="median"))
    fields = [FIELDS[quadrant] for quadrant in grid.quadrants]
    return {
        "cut_importance": grid.cut_importance,
        "cut_performance": grid.cut_performance,
        "quadrant": {f"item{row['item']}": field for row, field in zip(rows, fields, strict=True)},
        "counts": {field: fields.count(field) for field in FIELDS.values()},
        "cut_importance_median": middle.cut_importance,
        "cut_performance_median": middle.cut_performance,
        "spearman_E_P": spearman(importance, performance).r,
    }


def _more_predictors(case: Case) -> Answer:
    random = np.random.default_rng(1)
    n, p = int(case.options["input"]["n"]), int(case.options["input"]["p"])
    return {"r2": ols(random.normal(size=n), random.normal(size=(n, p)))}


def _collinear(case: Case) -> Answer:
    data = {name: values_of(column) for name, column in case.options["input"]["data"].items()}
    x = np.column_stack([data["x1"], data["x2"]])
    return {
        "vif": variance_inflation(x),
        "lmg": importance_shares(data["y"], x),
        "cor_solve": condition_index(x),
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "importance_correlations": _correlations,
    "ipa_quadrants": _grid,
    "johnson_relative_weights": _johnson,
    "lmg_shapley_importance": _lmg,
    "mediation_bootstrap_ci": _mediation_interval,
    "mediation_effects": _mediation_effects,
    "moderation_simple_slopes": _moderation,
    "ols_regression": _ols,
    "response_surface_edwards": _surface,
    "standardized_beta": _betas,
    "vif": _vif,
}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "more_predictors_than_rows": _more_predictors,
    "perfect_collinearity": _collinear,
}
