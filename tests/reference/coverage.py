"""What the product does not calculate, each with its reason; a case neither here nor adapted fails."""

from collections.abc import Mapping

NOT_BUILT = "not yet built"
FROM_SUMMARY = "the product calculates from answers, never from printed means"

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
    "importance_correlations": NOT_BUILT,
    "ipa_quadrants": NOT_BUILT,
    "johnson_relative_weights": "the method prefers LMG/Shapley",
    "lmg_shapley_importance": NOT_BUILT,
    "mediation_bootstrap_ci": NOT_BUILT,
    "mediation_effects": NOT_BUILT,
    "moderation_simple_slopes": NOT_BUILT,
    "ols_regression": NOT_BUILT,
    "response_surface_edwards": NOT_BUILT,
    "standardized_beta": NOT_BUILT,
    "vif": NOT_BUILT,
    "edge_case.more_predictors_than_rows": NOT_BUILT,
    "edge_case.perfect_collinearity": NOT_BUILT,
    "edge_case.perfect_separation": NOT_BUILT,
    # profiles
    "gaussian_mixture_bic": NOT_BUILT,
    "kmeans_silhouette": NOT_BUILT,
    "edge_case.kmeans_degenerate": NOT_BUILT,
    # published
    "dimension_gap_from_items": FROM_SUMMARY,
    "gap_table_from_summary": FROM_SUMMARY,
    "libqual_gaps": NOT_BUILT,
    "welch_t_from_summary": FROM_SUMMARY,
    # groups
    "edge_case.percent_rounding": "rounding is a matter of display, tested with the report",
    "edge_case.text_and_bad_values": "text never reaches the statistics; imports refuse it",
}

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
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
