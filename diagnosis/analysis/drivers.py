"""Which perceived dimensions go with satisfaction, commitment and intentions: each outcome alone, and all together."""

from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.driver_result import (
    AsymmetryRow,
    DriverRow,
    Drivers,
    Masked,
    OutcomeDrivers,
    OutcomePath,
    PathLink,
    SurfaceRow,
)
from diagnosis.stats.clustering import standardised
from diagnosis.stats.drivers import DriverModel, driver_model
from diagnosis.stats.importance_performance import Asymmetry, AsymmetryModel, penalty_reward, terciles
from diagnosis.stats.imputation import two_way_imputed
from diagnosis.stats.mediation import Chain, path_chain
from diagnosis.stats.response_surface import ResponseSurface, response_surface
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import score_dimension
from surveys.disclosure import safe_total

RANKS_APART = 3
"""A dimension is masked when its rank in one outcome and in all together are so far apart, beyond its interval."""


def drivers_result(book: ScoreBook) -> Drivers | None:
    """Driver models of the outcomes the instrument names; None where it names none or nobody was asked.

    Predictors are the perceptions of the shown dimensions, never gaps (their parts work differently); a person who
    lacks fewer than half of them gets the rest by two-way imputation. Answers with
    weights count once each here: intervals of weighted shares are not defined.
    """
    plan, study = book.study.instrument.drivers, book.study
    state = book.states.get(study.instrument.waterfall.end)
    if plan is None or state is None or not book.is_shown(state.state):
        return None
    outcomes = _outcomes(book, state.audience, dict.fromkeys((*plan.outcomes, *plan.path)))
    named = {code: outcomes[code] for code in plan.outcomes if code in outcomes}
    if not named:
        return None
    kept = [place for place in range(state.scores.shape[1]) if book.is_dimension_shown(state.state, place)]
    codes = [study.instrument.dimensions[place].code for place in kept]
    imputed = two_way_imputed(own_scores(book, state.state)[:, kept])
    received = imputed.scores
    names = {block.code: block.name for block in study.instrument.outcomes}
    single = tuple(
        _modelled(book, code, names[code], outcome, received, codes) for code, outcome in named.items()
    )
    together = _modelled(
        book, "", _("All outcomes together"), _composite(list(named.values())), received, codes
    )
    first = next(iter(named.values()))
    asymmetry, asymmetry_reason = _asymmetry(first, received, codes)
    surface, surface_reason = _surface(book, first)
    return Drivers(
        audience=state.audience,
        outcomes=single,
        together=together,
        masked=tuple(_masked(single, together)) if len(single) > 1 else (),
        importance=_importance(together),
        asymmetry=asymmetry,
        asymmetry_reason=asymmetry_reason,
        surface=surface,
        surface_reason=surface_reason,
        imputed=imputed.share,
        path=_path(
            [code for code in plan.path if code in outcomes],
            outcomes,
            len(plan.path),
            book.study.random_state,
        ),
    )


def own_scores(book: ScoreBook, state: str) -> Matrix:
    """Scores (persons, dimensions) of a state by itself: a person needs no answer in the state it is paired with."""
    study, found = book.study, book.states[state]
    columns = []
    for place, dimension in enumerate(study.instrument.dimensions):
        used = book.items[state][dimension.code]
        asked = used and not np.isnan(found.column(place)).all()
        columns.append(
            score_dimension(study.ratings(found.audience, state, used)) if asked else found.column(place)
        )
    return np.column_stack(columns)


def _outcomes(book: ScoreBook, audience: str, wanted: Mapping[str, None]) -> dict[str, Matrix]:
    """Scores (used persons,) of the wanted blocks that were asked."""
    frame, study = book.study.frame(audience), book.study
    found = {}
    for block in study.instrument.outcomes:
        items = [item.code for item in block.items if frame is not None and frame.has_slot(item.code)]
        if block.code in wanted and items:
            found[block.code] = score_dimension(study.outcome_ratings(audience, items))
    return {code: found[code] for code in wanted if code in found}


def _composite(outcomes: Sequence[Matrix]) -> Matrix:
    """Mean of the z-scored outcomes of the persons who have all."""
    matrix = np.column_stack(outcomes)
    complete = ~np.isnan(matrix).any(axis=1)
    composite = np.full(len(matrix), np.nan)
    if np.count_nonzero(complete) > 1:
        composite[complete] = standardised(matrix[complete]).mean(axis=1)
    return composite


def _modelled(
    book: ScoreBook, block: str, name: str, outcome: Matrix, received: Matrix, codes: Sequence[str]
) -> OutcomeDrivers:
    found = driver_model(outcome, received, random_state=book.study.random_state)
    if not isinstance(found, DriverModel):
        return OutcomeDrivers(block, name, reason=missing_text(found))
    rows = tuple(
        DriverRow(
            code, one.share, one.ci_low, one.ci_high, one.rank, one.rank_low, one.rank_high, one.p_first, one.r,
            one.beta, one.vif,
        )
        for code, one in zip(codes, found.drivers, strict=True)
    )  # fmt: skip
    negative = tuple(codes[place] for place in found.negative)
    return OutcomeDrivers(block, name, found.n, found.r2, found.adjusted_r2, rows, negative)


def missing_text(no: NotEnough) -> str:
    """Why a model could not be computed, and what it would need; a number of persons below 5 is never named."""
    if no.reason == "too_few" and safe_total(no.n) is None:
        text = ngettext(
            "Not computed: it needs %(needed)s person with complete answers, fewer have them.",
            "Not computed: it needs %(needed)s persons with complete answers, fewer have them.",
            no.needed,
        )
        return text % {"needed": no.needed}
    if no.reason == "too_few":
        text = ngettext(
            "Not computed: it needs %(needed)s person with complete answers, %(n)s has them.",
            "Not computed: it needs %(needed)s persons with complete answers, %(n)s have them.",
            no.needed,
        )
        return text % {"needed": no.needed, "n": no.n}
    if no.reason == "no_variation":
        return _("Not computed: everybody gives the same answer to at least one part of it.")
    return _("Not computed: the answers to some parts repeat each other, so that they cannot be told apart.")


def _masked(single: Sequence[OutcomeDrivers], together: OutcomeDrivers) -> list[Masked]:
    """Where all outcomes together hide what one of them shows: the other direction, or a clearly different rank."""
    whole = {row.dimension: row for row in together.rows}
    found = []
    for outcome in single:
        for row in outcome.rows:
            other = whole.get(row.dimension)
            if other is None:
                continue
            if row.r * other.r < 0.0:
                found.append(Masked(row.dimension, outcome.block, "sign", row.rank, other.rank))
            elif (
                abs(row.rank - other.rank) >= RANKS_APART and not row.rank_low <= other.rank <= row.rank_high
            ):
                found.append(Masked(row.dimension, outcome.block, "rank", row.rank, other.rank))
    return found


def _importance(together: OutcomeDrivers) -> dict[str, float] | None:
    """Shares as weights that sum to 1; a dimension that goes in the other direction weighs nothing."""
    shares = {row.dimension: row.share if row.r > 0.0 else 0.0 for row in together.rows}
    whole = sum(shares.values())
    return {code: share / whole for code, share in shares.items()} if whole > 0.0 else None


def _asymmetry(
    outcome: Matrix, received: Matrix, codes: Sequence[str]
) -> tuple[tuple[AsymmetryRow, ...], str | None]:
    found = penalty_reward(outcome, terciles(received))
    if not isinstance(found, AsymmetryModel):
        return (), missing_text(found)
    rows = tuple(
        AsymmetryRow(
            code, one.penalty.estimate, one.penalty.ci_low, one.penalty.ci_high,
            one.reward.estimate, one.reward.ci_low, one.reward.ci_high, *_reading(one),
        )
        for code, one in zip(codes, found.rows, strict=True)
        if one is not None
    )  # fmt: skip
    return rows, None


def _reading(one: Asymmetry) -> tuple[float | None, str]:
    """Impact and its word; none where neither end is proved to differ from the middle."""
    if one.penalty.ci_high < 0.0 or one.reward.ci_low > 0.0:
        return one.impact, one.word or ""
    return None, ""


def _surface(book: ScoreBook, outcome: Matrix) -> tuple[tuple[SurfaceRow, ...], str | None]:
    """Response surface of the outcome on the overall wish and the overall perception of the same persons."""
    plan, scale = book.study.instrument.waterfall, book.study.instrument.level_scale
    wanted, received = book.states.get(plan.start), book.states.get(plan.end)
    if wanted is None or received is None or wanted.audience != received.audience:
        return (), _("Not computed: the same persons were not asked for the level they want.")
    sides = [
        two_way_imputed(own_scores(book, side.state)[:, list(book.common)]).scores
        for side in (wanted, received)
    ]
    if not book.common:
        return (), _("Not computed: no dimension may be shown in all states.")
    found = response_surface(
        outcome,
        *(side.mean(axis=1) for side in sides),
        midpoint=(scale.low + scale.high) / 2.0,
        random_state=book.study.random_state,
    )
    if not isinstance(found, ResponseSurface):
        if found.reason == "too_few" and found.n >= found.needed:
            return (), _(
                "Not computed: too few customers lie on one of the two sides of agreement (10 % are needed)."
            )
        return (), missing_text(found)
    tests = {"a1": found.a1, "a2": found.a2, "a3": found.a3, "a4": found.a4}
    return tuple(
        SurfaceRow(
            code,
            one.estimate,
            one.ci_low if one.boot_low is None else one.boot_low,
            one.ci_high if one.boot_high is None else one.boot_high,
        )
        for code, one in tests.items()
    ), None


def _path(
    blocks: Sequence[str], outcomes: Mapping[str, Matrix], n_planned: int, random_state: int
) -> OutcomePath | None:
    if n_planned < 3 or len(blocks) < n_planned:
        return None
    found = path_chain([outcomes[code] for code in blocks], random_state=random_state)
    if not isinstance(found, Chain):
        return OutcomePath(tuple(blocks), reason=missing_text(found))
    links = tuple(
        PathLink(code, link.beta, link.p_value, link.r2)
        for code, link in zip(blocks[1:], found.links, strict=True)
    )
    low, high = found.indirect.percentile
    return OutcomePath(tuple(blocks), found.n, links, found.indirect.estimate, low, high)
