"""Customers grouped by the shape of their wishes: real profiles where there are any, else types by a plain rule."""

from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.drivers import missing_text, own_scores
from diagnosis.analysis.releases import Column, Mask, Releases
from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.states import mean_of
from diagnosis.analysis.study import Matrix, counted
from diagnosis.profile_result import ProfileCandidate, ProfileKey, ProfileMean, ProfileRow, ProfilesResult
from diagnosis.result import Mean, StateResult
from diagnosis.stats.anova import welch_anova
from diagnosis.stats.classification import Key, classification_key
from diagnosis.stats.clustering import Labels
from diagnosis.stats.imputation import two_way_imputed
from diagnosis.stats.profiles import Candidate, NoProfiles, Profiles, demand_types, find_profiles
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import score_dimension
from surveys.disclosure import is_indicative, minimum_for, suppress_split

NOTABLE = 0.3
"""A profile wants more (or less) of a dimension when it stands off the mean of all by 5 % of a scale of 1 to 7."""
DIFFERENT = 0.05
LIKE = 0.4
"""A name is suggested from this likeness on."""


def profiles_result(
    book: ScoreBook, states: Mapping[str, StateResult], releases: Releases
) -> ProfilesResult | None:
    """Profiles of the customers' wishes with what each gets and is offered; None where wishes were not asked.

    Profiles are built from wishes, so their fit (standard minus wish) is given without a test. A wish that is
    missing is replaced by two-way imputation where a customer gave more than half of them; means rest on given
    answers alone, on the same ones as the means of all.
    """
    study, plan = book.study, book.study.instrument.waterfall
    wishes = book.states.get(plan.start)
    if wishes is None or not book.is_shown(plan.start):
        return None
    kept = [place for place in range(wishes.scores.shape[1]) if book.is_dimension_shown(plan.start, place)]
    if len(kept) < 2:
        return None
    own = own_scores(book, plan.start)
    imputed = two_way_imputed(own[:, kept])
    found = find_profiles(imputed.scores, random_state=study.random_state)
    if isinstance(found, NotEnough):
        return _none(wishes.audience, missing_text(found), imputed.share)
    labels = found.labels if isinstance(found, Profiles) else demand_types(imputed.scores)[0]
    sizes = np.bincount(labels[labels >= 0]).tolist()
    if isinstance(found, NoProfiles):
        present = [group for group, size in enumerate(sizes) if size]
        labels = np.where(labels < 0, -1, np.searchsorted(present, labels))
        sizes = [sizes[group] for group in present]
    columns = _columns(book, wishes.audience, labels, len(sizes))
    shown: dict[Column, list[int]] = {
        (state, place): groups[place] for state, (_kept, groups) in columns.items() for place in kept
    }
    answered: dict[Column, Mask] = {}
    least = minimum_for(wishes.audience, subgroup=True, named=study.is_named(wishes.audience))
    for code, scores in _outcomes(book, wishes.audience).items():
        shown[code, None] = _protected(scores[:, None], labels, len(sizes), least)[1][0]
        answered[code, None] = ~np.isnan(scores)
    if not releases.allow(wishes.audience, labels.astype(np.intp), shown, answered):
        text = _("Hidden: beside the groups that are shown, profiles would give a few customers away.")
        return _none(wishes.audience, text, imputed.share)
    rows = _rows(
        book,
        wishes.audience,
        labels,
        sizes,
        {state: scores for state, (scores, _) in columns.items()},
        states,
    )
    is_found = isinstance(found, Profiles)
    return ProfilesResult(
        audience=wishes.audience,
        kind="profiles" if is_found else "types",
        n=found.n,
        silhouette=found.silhouette if isinstance(found, Profiles) else None,
        stability=found.stability if isinstance(found, Profiles) else None,
        useful=_is_useful(book, wishes.audience, labels) if is_found else None,
        rows=rows,
        candidates=tuple(_candidate(one, found.n) for one in found.candidates),
        key=_key(book, wishes.audience, labels) if is_found else None,
        imputed=imputed.share,
        reason=None if is_found else _no_profiles_text(found.candidates),
    )


def _none(audience: str, reason: str, imputed: float) -> ProfilesResult:
    return ProfilesResult(audience, "none", None, None, None, None, (), (), None, imputed, reason)


def _no_profiles_text(candidates: Sequence[Candidate]) -> str:
    failures = {candidate.failure for candidate in candidates}
    if failures == {"silhouette"}:
        why = _("no split into 2 to 6 groups sets customers apart clearly enough")
    elif "stability" in failures:
        why = _("the groups do not come back when the customers are drawn anew")
    else:
        why = _("a group would be smaller than 5 % or 30 customers")
    return _(
        "No distinct profiles: %(why)s. Wishes form a continuum; the types below follow a plain rule."
    ) % {"why": why}


def _candidate(one: Candidate, n: int) -> ProfileCandidate:
    return ProfileCandidate(
        one.k, one.silhouette, one.smallest / n, one.stability, one.bic, one.entropy, one.failure
    )


def _rows(
    book: ScoreBook,
    audience: str,
    labels: Labels,
    sizes: Sequence[int],
    columns: Mapping[str, Matrix],
    states: Mapping[str, StateResult],
) -> tuple[ProfileRow, ...]:
    study, plan = book.study, book.study.instrument.waterfall
    least = minimum_for(audience, subgroup=True, named=study.is_named(audience))
    weights = study.weights(audience)
    counts = {
        str(group): counted(size, None if weights is None else weights[labels == group])
        for group, size in enumerate(sizes)
    }
    hidden = suppress_split(counts, least)
    codes = [dimension.code for dimension in study.instrument.dimensions]
    received = columns.get(plan.end)
    outcomes = {
        code: _protected(scores[:, None], labels, len(sizes), least)[0][:, 0]
        for code, scores in _outcomes(book, audience).items()
    }
    wanted = [
        _means(book, audience, columns[plan.start], labels == group, codes) for group in range(len(sizes))
    ]
    means = np.array(
        [[np.nan if row[code].mean is None else row[code].mean for code in codes] for row in wanted]
    )
    apart = means - _known_means(means, axis=0)
    held = [
        float((labels == group).sum() if weights is None else weights[labels == group].sum())
        for group in range(len(sizes))
    ]
    return tuple(
        ProfileRow(
            number=group + 1,
            name="",
            n=None,
            share=None,
            indicative=False,
            hidden=study.hidden_text(audience),
            more=(),
            less=(),
            wanted={},
            received={},
            fit={},
            outcomes={},
        )
        if str(group) in hidden
        else ProfileRow(
            number=group + 1,
            name=_suggested(book, means, group),
            n=size,
            share=held[group] / sum(held),
            indicative=is_indicative(audience, size),
            hidden=None,
            more=tuple(_notable(codes, apart[group], 1.0)),
            less=tuple(_notable(codes, apart[group], -1.0)),
            wanted=wanted[group],
            received={} if received is None else _means(book, audience, received, labels == group, codes),
            fit=_fit(book, states, wanted[group]),
            outcomes={
                code: _mean(book, audience, np.where(labels == group, scores, np.nan))
                for code, scores in outcomes.items()
            },
        )
        for group, size in enumerate(sizes)
    )


def _columns(
    book: ScoreBook, audience: str, labels: Labels, n_groups: int
) -> dict[str, tuple[Matrix, list[list[int]]]]:
    """Wishes and, where asked, what is received, by state: what is kept, and the groups each dimension shows.

    Means rest on the scores all other means rest on, so that profiles weighted by size give the mean of all.
    """
    plan = book.study.instrument.waterfall
    least = minimum_for(audience, subgroup=True, named=book.study.is_named(audience))
    states = [plan.start, plan.end] if _has_received(book) else [plan.start]
    return {state: _protected(book.states[state].scores, labels, n_groups, least) for state in states}


def _protected(scores: Matrix, labels: Labels, n_groups: int, least: int) -> tuple[Matrix, list[list[int]]]:
    """Scores (persons, columns) without the groups that a column must hide, and the groups it shows.

    Who is in no group counts as one more group that is hidden: its sum is all minus the others.
    """
    kept, shown = scores.copy(), []
    for place in range(scores.shape[1]):
        answered = ~np.isnan(scores[:, place])
        counts = {str(group): int((answered & (labels == group)).sum()) for group in range(-1, n_groups)}
        hidden = suppress_split(counts, least)
        shown.append([group for group in range(n_groups) if str(group) not in hidden])
        kept[~np.isin(labels, shown[-1]), place] = np.nan
    return kept, shown


def _has_received(book: ScoreBook) -> bool:
    plan = book.study.instrument.waterfall
    end = book.states.get(plan.end)
    return end is not None and end.audience == book.states[plan.start].audience and book.is_shown(plan.end)


def _known_means(values: Matrix, axis: int) -> Matrix:
    """Means along an axis of the values that are shown; 0 where none is."""
    shown = ~np.isnan(values)
    return np.asarray(np.where(shown, values, 0.0).sum(axis=axis) / np.maximum(shown.sum(axis=axis), 1))


def _notable(codes: Sequence[str], apart: Matrix, sign: float) -> list[str]:
    """Dimensions that stand off the mean of all profiles in one direction, the farthest first; three at most."""
    shown = [(code, value) for code, value in zip(codes, apart.tolist(), strict=True) if not np.isnan(value)]
    order = sorted((-sign * value, code) for code, value in shown)
    return [code for value, code in order if -value >= NOTABLE][:3]


def _suggested(book: ScoreBook, means: Matrix, group: int) -> str:
    """Name whose pattern of high and low dimensions is most like this profile beside the others; "" without one.

    Likeness is the cosine of pattern and shape, from LIKE on. The profile with the highest wishes throughout takes
    the name that has no dimensions, if the instrument gives one.
    """
    names = book.study.instrument.profile_names
    places = {dimension.code: place for place, dimension in enumerate(book.study.instrument.dimensions)}
    height = _known_means(means, axis=1)
    shape = means - height[:, None]
    shape = np.nan_to_num(shape - _known_means(shape, axis=0))
    overall = next((one.name for one in names if not one.high), "")
    if overall and len(height) > 1 and group == int(height.argmax()) and np.std(shape[group]) < NOTABLE * 2.0:
        return overall
    best, chosen = LIKE, ""
    for one in names:
        pattern = np.zeros(shape.shape[1])
        pattern[[places[code] for code in one.high if code in places]] = 1.0
        pattern[[places[code] for code in one.low if code in places]] = -1.0
        length = float(np.linalg.norm(pattern) * np.linalg.norm(shape[group]))
        if one.high and length > 0.0:
            likeness = float(pattern @ shape[group]) / length
            best, chosen = (likeness, one.name) if likeness > best else (best, chosen)
    return chosen


def _means(
    book: ScoreBook, audience: str, scores: Matrix, member: np.ndarray, codes: Sequence[str]
) -> dict[str, ProfileMean]:
    return {
        code: _mean(book, audience, np.where(member, scores[:, place], np.nan))
        for place, code in enumerate(codes)
    }


def _mean(book: ScoreBook, audience: str, column: Matrix) -> ProfileMean:
    found: Mean = mean_of(book.study, audience, column, subgroup=True)
    return ProfileMean(found.n, found.mean, found.ci_low, found.ci_high)


def _fit(
    book: ScoreBook, states: Mapping[str, StateResult], wanted: Mapping[str, ProfileMean]
) -> dict[str, float]:
    """Standard minus wish by dimension, where both may be shown: either of them and this would give the other."""
    gap = next((one for one in book.study.instrument.gaps if one.kind == "coverage"), None)
    standard = states.get(gap.later) if gap else None
    if standard is None:
        return {}
    return {
        code: level - wish.mean
        for code, wish in wanted.items()
        if (level := standard.dimensions[code].mean) is not None and wish.mean is not None
    }


def _outcomes(book: ScoreBook, audience: str) -> dict[str, Matrix]:
    drivers, study, frame = book.study.instrument.drivers, book.study, book.study.frame(audience)
    found = {}
    for block in study.instrument.outcomes:
        items = [item.code for item in block.items if frame is not None and frame.has_slot(item.code)]
        if drivers is not None and block.code in drivers.outcomes and items:
            found[block.code] = score_dimension(study.outcome_ratings(audience, items))
    return found


def _is_useful(book: ScoreBook, audience: str, labels: Labels) -> bool | None:
    """Whether profiles differ on overall perception or an outcome (Welch's analysis of variance, Bonferroni)."""
    measures = list(_outcomes(book, audience).values())
    if _has_received(book):
        measures.append(
            two_way_imputed(own_scores(book, book.study.instrument.waterfall.end)).scores.mean(axis=1)
        )
    p_values = []
    for scores in measures:
        groups = [scores[(labels == group) & ~np.isnan(scores)] for group in range(int(labels.max()) + 1)]
        found = welch_anova(groups)
        if not isinstance(found, NotEnough):
            p_values.append(found.p_value)
    return min(p_values) * len(p_values) <= DIFFERENT if p_values else None


def _key(book: ScoreBook, audience: str, labels: Labels) -> ProfileKey | None:
    """A short key over the single wishes; missing ones are replaced as the dimensions are."""
    state = book.study.instrument.waterfall.start
    items = [item for kept in book.items[state].values() for item in kept]
    ratings = two_way_imputed(book.study.ratings(audience, state, items)).scores
    kept = labels >= 0
    found = classification_key(ratings[kept], labels[kept], random_state=book.study.random_state)
    if not isinstance(found, Key):
        return None
    return ProfileKey(
        items=tuple(items[place] for place in found.items),
        constants=found.constants,
        weights=found.weights,
        hit_rate=found.hit_rate,
        by_chance=found.by_chance,
        n=found.n,
    )
