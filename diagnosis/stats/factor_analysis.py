"""How many constructs a set of items holds, and which items belong together (explorative factor analysis)."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_rows, is_constant
from diagnosis.stats.distributions import chi_square_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

MIN_PERSONS = 150
PERSONS_PER_ITEM = 5
SINGULAR_BELOW = 1e-10
MAX_STEPS = 5_000
MAX_ROUNDS = 1_000
SETTLED = 1e-9
SHORTEST_STEP = 1e-12
N_REPLICATIONS = 50
QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class Adequacy:
    """Whether items share enough for factors: KMO overall and per item, Bartlett's test, eigenvalues."""

    n: int
    kmo: float
    kmo_items: tuple[float, ...]
    chi_square: float
    df: int
    p_value: float
    eigenvalues: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FactorCounts:
    """Factors whose eigenvalue exceeds the 95 % quantile of shuffled answers: of components, of common factors."""

    n: int
    components: int
    factors: int


@dataclass(frozen=True, slots=True)
class FactorSolution:
    """Oblique solution: `pattern` (items x factors) ordered by explained variance, correlations of the factors, fit.

    `tli` and `rmsea` are None where the model has no degrees of freedom left.
    """

    n: int
    pattern: tuple[tuple[float, ...], ...]
    factor_correlations: tuple[tuple[float, ...], ...]
    communalities: tuple[float, ...]
    rms_residual: float
    tli: float | None
    rmsea: float | None


@dataclass(frozen=True, slots=True)
class SingleFactor:
    """Harman's test: share (0-1) of all variance in the first component and in a single common factor."""

    n: int
    component_share: float
    factor_share: float


def needed_persons(n_items: int) -> int:
    """Persons a factor analysis needs: 5 per item and at least 150."""
    return max(MIN_PERSONS, PERSONS_PER_ITEM * n_items)


def _correlations(ratings: ArrayLike, minimum: int | None) -> tuple[FloatArray, int] | NotEnough:
    complete = complete_rows(ratings)
    n, k = complete.shape
    needed = needed_persons(k) if minimum is None else max(minimum, k + 2)
    if k < 2:
        return NotEnough("not_defined", n, 2)
    if n < needed:
        return NotEnough("too_few", n, needed)
    if any(is_constant(complete[:, item]) for item in range(k)):
        return NotEnough("no_variation", n, needed)
    correlations = np.atleast_2d(np.corrcoef(complete, rowvar=False))
    if np.linalg.eigvalsh(correlations)[0] < SINGULAR_BELOW:
        return NotEnough("not_defined", n, needed)
    return correlations, n


def sampling_adequacy(ratings: ArrayLike, *, minimum: int | None = None) -> Adequacy | NotEnough:
    """Kaiser-Meyer-Olkin measure, Bartlett's test of sphericity and eigenvalues over complete rows.

    ratings: (persons, items), nan = missing. KMO = sum r^2 / (sum r^2 + sum of squared partial correlations);
    chi2 = -(n - 1 - (2k + 5)/6) ln|R| with k(k-1)/2 degrees of freedom. `minimum` persons, by default 5 per item, 150.
    References: Kaiser (1974); Bartlett (1951). R: psych::KMO(), psych::cortest.bartlett(), eigen(cor(x)).
    """
    found = _correlations(ratings, minimum)
    if isinstance(found, NotEnough):
        return found
    r, n = found
    k = len(r)
    inverse = np.linalg.inv(r)
    root = np.sqrt(np.diag(inverse))
    off = ~np.eye(k, dtype=np.bool_)
    squares, partial = np.where(off, r**2, 0.0), np.where(off, (inverse / np.outer(root, root)) ** 2, 0.0)
    per_item = squares.sum(axis=0) / (squares.sum(axis=0) + partial.sum(axis=0))
    chi_square = -(n - 1.0 - (2.0 * k + 5.0) / 6.0) * float(np.linalg.slogdet(r)[1])
    df = k * (k - 1) // 2
    return Adequacy(
        n=n,
        kmo=float(squares.sum() / (squares.sum() + partial.sum())),
        kmo_items=tuple(per_item.tolist()),
        chi_square=chi_square,
        df=df,
        p_value=chi_square_p(chi_square, df),
        eigenvalues=tuple(np.linalg.eigvalsh(r)[::-1].tolist()),
    )


def minres(correlations: FloatArray, n_factors: int) -> tuple[FloatArray, FloatArray] | None:
    """Unrotated loadings (items, factors) with the smallest squared residual correlations, and communalities (items,).

    Principal axes repeated until the communalities settle, which is where the residuals are smallest. None when a
    communality exceeds 1 (Heywood case) or nothing settles. R: psych::fa(fm = "minres", rotate = "none").
    """
    try:
        communalities = 1.0 - 1.0 / np.diag(np.linalg.inv(correlations))
    except np.linalg.LinAlgError:
        return None
    for _step in range(MAX_STEPS):
        reduced = correlations.copy()
        np.fill_diagonal(reduced, communalities)
        values, vectors = np.linalg.eigh(reduced)
        kept = np.maximum(values[-n_factors:], 0.0)
        loadings = vectors[:, -n_factors:] * np.sqrt(kept)
        renewed = (loadings**2).sum(axis=1)
        moved = float(np.abs(renewed - communalities).max())
        communalities = renewed
        if communalities.max() > 1.0:
            return None
        if moved < SETTLED:
            return loadings[:, ::-1], communalities
    return None


def oblimin(loadings: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotate loadings to simple structure with correlated factors (direct quartimin): pattern, factor correlations.

    Gradient projection from the unrotated solution: minimises sum over pairs of factors of squared loadings multiplied.
    References: Jennrich (2002); Bernaards & Jennrich (2005). R: GPArotation::oblimin(gam = 0).
    """
    m = loadings.shape[1]
    turn = np.eye(m)
    between = np.ones((m, m)) - np.eye(m)
    step = 1.0
    pattern = loadings @ np.linalg.inv(turn).T
    value = _complexity(pattern, between)
    for _round in range(MAX_ROUNDS):
        gradient = pattern * (pattern**2 @ between)
        slope = -(pattern.T @ gradient @ np.linalg.inv(turn)).T
        projected = slope - turn * (turn * slope).sum(axis=0)
        length = float(np.linalg.norm(projected))
        if length < 1e-9:
            break
        step *= 4.0
        lower = np.inf
        while lower >= value - 0.5 * length**2 * step and step > SHORTEST_STEP:
            step /= 2.0
            moved = turn - step * projected
            moved /= np.linalg.norm(moved, axis=0)
            tried = loadings @ np.linalg.inv(moved).T
            lower = _complexity(tried, between)
        turn, pattern, value = moved, tried, lower
    return pattern, turn.T @ turn


def _complexity(pattern: FloatArray, between: FloatArray) -> float:
    squares = pattern**2
    return float((squares * (squares @ between)).sum()) / 4.0


def explore_factors(
    ratings: ArrayLike, n_factors: int, *, minimum: int | None = None
) -> FactorSolution | NotEnough:
    """Minres factors rotated to direct oblimin, over complete rows.

    ratings: (persons, items), nan = missing. Each factor points to where its loadings sum above 0. `not_defined`: no
    proper solution with so many factors. TLI and RMSEA from the likelihood chi-square with Bartlett's correction, as
    psych gives them. R: psych::fa(x, nfactors, fm = "minres", rotate = "oblimin").
    """
    found = _correlations(ratings, minimum)
    if isinstance(found, NotEnough):
        return found
    r, n = found
    k = len(r)
    if not 1 <= n_factors < k:
        message = f"{k} items cannot hold {n_factors} factors"
        raise StatisticsError(message)
    fitted = minres(r, n_factors)
    if fitted is None:
        return NotEnough("not_defined", n, needed_persons(k))
    pattern, phi = oblimin(fitted[0])
    order = np.argsort(-np.diag(phi @ pattern.T @ pattern), kind="stable")
    sign = np.where(pattern[:, order].sum(axis=0) < 0.0, -1.0, 1.0)
    pattern, phi = pattern[:, order] * sign, phi[np.ix_(order, order)] * np.outer(sign, sign)
    model = pattern @ phi @ pattern.T
    residual = r - model
    off = ~np.eye(k, dtype=np.bool_)
    tli, rmsea = _fit(r, model, n, n_factors)
    return FactorSolution(
        n=n,
        pattern=tuple(tuple(row) for row in pattern.tolist()),
        factor_correlations=tuple(tuple(row) for row in phi.tolist()),
        communalities=tuple(np.diag(model).tolist()),
        rms_residual=sqrt(float((residual[off] ** 2).mean())),
        tli=tli,
        rmsea=rmsea,
    )


def _fit(r: FloatArray, model: FloatArray, n: int, m: int) -> tuple[float | None, float | None]:
    k = len(r)
    df = k * (k - 1) // 2 - k * m + m * (m - 1) // 2
    if df < 1:
        return None, None
    implied = model.copy()
    np.fill_diagonal(implied, 1.0)
    inside = np.linalg.solve(implied, r)
    objective = float(np.trace(inside)) - float(np.linalg.slogdet(inside)[1]) - k
    statistic = objective * (n - 1 - (2 * k + 5) / 6 - 2 * m / 3)
    null_df = k * (k - 1) // 2
    null = -float(np.linalg.slogdet(r)[1]) * (n - 1 - (2 * k + 5) / 6)
    tli = (null / null_df - statistic / df) / (null / null_df - 1.0)
    return tli, sqrt(max(0.0, statistic / (df * n) - 1.0 / (n - 1)))


def count_factors(
    ratings: ArrayLike,
    *,
    minimum: int | None = None,
    n_replications: int = N_REPLICATIONS,
    random_state: int = 1,
) -> FactorCounts | NotEnough:
    """Parallel analysis: factors whose eigenvalue exceeds the 95 % quantile of answers shuffled within each item.

    ratings: (persons, items); shuffling keeps each item's distribution and removes every relation. Common factors
    use the correlations with the communalities of one factor in the diagonal. References: Horn (1965); Buja &
    Eyuboglu (1992).
    R: psych::fa.parallel(fm = "minres").
    """
    found = _correlations(ratings, minimum)
    if isinstance(found, NotEnough):
        return found
    r, n = found
    complete = complete_rows(ratings)
    random = np.random.default_rng(random_state)
    components, factors = [], []
    for _replication in range(n_replications):
        shuffled = np.corrcoef(random.permuted(complete, axis=0), rowvar=False)
        components.append(np.linalg.eigvalsh(shuffled)[::-1])
        factors.append(_common_eigenvalues(shuffled))
    return FactorCounts(
        n=n,
        components=_leading(
            np.asarray(np.linalg.eigvalsh(r)[::-1]), np.quantile(components, QUANTILE, axis=0)
        ),
        factors=_leading(_common_eigenvalues(r), np.quantile(factors, QUANTILE, axis=0)),
    )


def _common_eigenvalues(correlations: FloatArray) -> FloatArray:
    fitted = minres(correlations, 1)
    reduced = correlations.copy()
    smc = 1.0 - 1.0 / np.diag(np.linalg.inv(correlations))
    np.fill_diagonal(reduced, smc if fitted is None else fitted[1])
    return np.asarray(np.linalg.eigvalsh(reduced)[::-1], dtype=np.float64)


def _leading(values: FloatArray, thresholds: FloatArray) -> int:
    """How many values from the first on lie above their threshold."""
    above = values > thresholds
    return int(above.size if above.all() else above.argmin())


def single_factor(ratings: ArrayLike, *, minimum: int | None = None) -> SingleFactor | NotEnough:
    """Share of all variance that one component and one common factor hold: a weak hint at a common method.

    ratings: (persons, items) of one audience. Reference: Podsakoff et al. (2012), who advise against relying on it.
    R: psych::principal(x, 1), psych::fa(x, 1, fm = "minres").
    """
    found = _correlations(ratings, minimum)
    if isinstance(found, NotEnough):
        return found
    r, n = found
    fitted = minres(r, 1)
    if fitted is None:
        return NotEnough("not_defined", n, needed_persons(len(r)))
    return SingleFactor(n, float(np.linalg.eigvalsh(r)[-1]) / len(r), float(fitted[1].sum()) / len(r))
