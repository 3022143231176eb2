"""What the product does not calculate, each with its reason; a case neither here nor adapted fails."""

from collections.abc import Mapping

NOT_IN_PRODUCT: Mapping[str, str] = {
    # drivers
    "edge_case.perfect_separation": "the product fits no logistic regression, so nothing can separate",
}

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "gaussian_mixture_bic": {
        "EII": "one variance for all columns and groups is what k-means stands for",
        **dict.fromkeys(
            ("best_model", "best_G", "best_bic", "loglik", "df"),
            "of the fourteen structures the product tries four",
        ),
    },
    "kmeans_silhouette": dict.fromkeys(("n_negative_silhouette", "ari_vs_truth"), "not part of a profile"),
    "mediation_bootstrap_ci": {
        "quasi_bayes_mediate_ci": "a simulation from the normal, beside the bootstrap"
    },
    "mediation_effects": {
        "lavaan_indirect_se_ml": "divides by n; the standard errors are those of least squares"
    },
    "nps_ci": {"boot_percentile": "Monte Carlo: the adapter allows the point which the case's note allows"},
}
