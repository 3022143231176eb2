"""What the product does not calculate, each with its reason; a case neither here nor adapted fails."""

from collections.abc import Mapping

NOT_BUILT = "not yet built"

NOT_IN_PRODUCT: Mapping[str, str] = {
    # structure
    "bartlett_sphericity": NOT_BUILT,
    "cronbach_alpha_ci_bootstrap": "the product shows Feldt's interval",
    "efa_minres_oblimin": NOT_BUILT,
    "eigenvalues_pca": NOT_BUILT,
    "harman_single_factor": NOT_BUILT,
    "kmo": NOT_BUILT,
    "omega_total_cfa": NOT_BUILT,
    "parallel_analysis": NOT_BUILT,
    # drivers
    "edge_case.perfect_separation": "the product fits no logistic regression, so nothing can separate",
    # profiles
    "gaussian_mixture_bic": NOT_BUILT,
    "kmeans_silhouette": NOT_BUILT,
    "edge_case.kmeans_degenerate": NOT_BUILT,
}

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "mediation_bootstrap_ci": {
        "quasi_bayes_mediate_ci": "a simulation from the normal, beside the bootstrap"
    },
    "mediation_effects": {
        "lavaan_indirect_se_ml": "divides by n; the standard errors are those of least squares"
    },
    "corrected_item_total_correlation": dict.fromkeys(
        ("r_total_uncorrected", "r_cor_smc", "item_mean", "item_sd"), "the item-rest correlation is shown"
    ),
    "cronbach_alpha_missing": dict.fromkeys(
        ("pairwise", "pairwise_std", "person_mean_imputed"), "the method is listwise"
    ),
    "cronbach_alpha_standardized": {"guttman_lambda6": NOT_BUILT},
    "difference_score_reliability": dict.fromkeys(
        ("r_xy", "sd_x", "sd_y", "alpha_of_item_differences"), "parts of the formula, or another statistic"
    ),
    "nps_ci": {"boot_percentile": "Monte Carlo: the adapter allows the point which the case's note allows"},
}
