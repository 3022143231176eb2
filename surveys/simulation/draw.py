"""Draws packed answers from a company truth: latent normals with person factors, rounded and clipped to the scale."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from surveys.instruments import (
    CANNOT_JUDGE,
    CANNOT_JUDGE_VALUE,
    MISSING,
    NO_STANDARD,
    NO_STANDARD_VALUE,
    NOT_ASKED,
    READINESS_STATE,
    Form,
    Page,
    Question,
    Slot,
)
from surveys.simulation.truth import CompanyTruth, look_up

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Scores = NDArray[np.int16]
    Flags = NDArray[np.bool_]

DEFAULT_SD = 1.0
LEVEL_SPAN = 6
CHUNK = 50_000
_POSTED = {CANNOT_JUDGE: CANNOT_JUDGE_VALUE, NO_STANDARD: NO_STANDARD_VALUE}


@dataclass(frozen=True)
class SimulatedResponse:
    """One drawn response: the packed row in slot order, and choices and texts by question code."""

    scores: list[int]
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    careless: bool = False


def draw_responses(
    form: Form, truth: CompanyTruth, n: int, random_state: "int | np.random.Generator"
) -> list[SimulatedResponse]:
    """`n` responses to `form`; the same integer `random_state` gives the same responses.

    Raises ValueError when the truth lacks a mean the form needs.
    """
    import numpy as np

    rng = np.random.default_rng(random_state)
    scores = _draw_scores(form, truth, n, rng)
    _leave_out(scores, form, truth, rng)
    careless = rng.random(n) < truth.careless_share
    _answer_carelessly(scores, careless, form, rng)
    choices = _draw_choices(form, truth, n, rng)
    texts = _draw_texts(form, truth, n, rng)
    rows, flags = scores.tolist(), careless.tolist()
    return [SimulatedResponse(rows[i], choices[i], {} if flags[i] else texts[i], flags[i]) for i in range(n)]


def expected_recorded_means(
    form: Form, truth: CompanyTruth, n: int = 1_000_000, random_state: "int | np.random.Generator" = 0
) -> dict[str, float]:
    """Mean of the recorded answers per slot over `n` attentive persons with nothing left out."""
    import numpy as np

    rng = np.random.default_rng(random_state)
    totals = np.zeros(len(form.slots))
    for start in range(0, n, CHUNK):
        totals += _draw_scores(form, truth, min(CHUNK, n - start), rng).sum(axis=0, dtype=np.int64)
    return {slot.code: float(totals[slot.index] / n) for slot in form.slots}


def true_means(form: Form, truth: CompanyTruth) -> dict[str, float]:
    """The expectations the truth lays down per slot, limited to what the scale can show."""
    return {slot.code: _true_mean(slot, form.audience, truth) for slot in form.slots}


def posted_fields(page: Page, response: SimulatedResponse) -> dict[str, list[str]]:
    """The HTML fields of one page as a respondent would post them."""
    posted: dict[str, list[str]] = {}
    for question in page.questions:
        for slot in question.slots:
            score = response.scores[slot.index]
            if score not in (MISSING, NOT_ASKED):
                posted[slot.code] = [_POSTED.get(score, str(score))]
        if response.choices.get(question.code):
            posted[question.code] = response.choices[question.code]
        if response.texts.get(question.code):
            posted[question.code] = [response.texts[question.code]]
    return posted


def _true_mean(slot: Slot, audience: str, truth: CompanyTruth) -> float:
    if slot.state == READINESS_STATE:
        by_factor = truth.readiness.get(audience, {})
        mean = look_up(by_factor, slot.group, f"readiness of {audience} in")
    elif slot.state:
        mean = look_up(truth.means.get(slot.state, {}), slot.group, f"{slot.state} in")
    else:
        mean = look_up(truth.outcomes, slot.group, "the block")
    margin = 0.02 * slot.scale.span
    wanted = mean + truth.shifts.get(slot.code, 0.0)
    return min(max(wanted, slot.scale.low + margin), slot.scale.high - margin)


def _sd(slot: Slot, truth: CompanyTruth) -> float:
    key = slot.state or "Y"
    return truth.sds.get(key, DEFAULT_SD) * slot.scale.span / LEVEL_SPAN


@lru_cache(maxsize=4096)
def _latent_mean(recorded: float, sd: float, low: int, high: int) -> float:
    """Latent mean whose rounded and clipped answers have the expectation `recorded` (bisection)."""

    def expectation(mean: float) -> float:
        cuts = (0.5 * math.erfc((k - 0.5 - mean) / (sd * math.sqrt(2))) for k in range(low + 1, high + 1))
        return low + sum(cuts)

    left, right = low - 6 * sd, high + 6 * sd
    for _ in range(60):
        middle = (left + right) / 2
        left, right = (middle, right) if expectation(middle) < recorded else (left, middle)
    return (left + right) / 2


def _draw_scores(form: Form, truth: CompanyTruth, n: int, rng: "np.random.Generator") -> "Scores":
    """Complete recorded answers, shape (n, slots)."""
    import numpy as np

    parts = _PersonParts(truth, n, rng)
    scores = np.empty((n, len(form.slots)), dtype=np.int16)
    noise_weight = math.sqrt(1 - truth.general - truth.special)
    for slot in form.slots:
        sd = _sd(slot, truth)
        mean = _latent_mean(_true_mean(slot, form.audience, truth), sd, slot.scale.low, slot.scale.high)
        sign = -1.0 if slot.reversed else 1.0
        person = sign * (parts.general(slot) + parts.special(slot))
        latent = mean + sd * (person + noise_weight * rng.standard_normal(n))
        scores[:, slot.index] = np.clip(np.rint(latent), slot.scale.low, slot.scale.high)
    return scores


class _PersonParts:
    """Standard normal parts of each person, shared by all answers of a state, or of a state in one dimension.

    Outcomes share the general part of perceptions: who feels well served is more satisfied.
    """

    def __init__(self, truth: CompanyTruth, n: int, rng: "np.random.Generator") -> None:
        self.truth, self.n, self.rng = truth, n, rng
        self.drawn: dict[tuple[str, str], Floats] = {}

    def general(self, slot: Slot) -> "Floats":
        state = slot.state or "CP"
        return math.sqrt(self.truth.general) * self._part(state, "")

    def special(self, slot: Slot) -> "Floats":
        return math.sqrt(self.truth.special) * self._part(slot.state or "Y", slot.group)

    def _part(self, state: str, group: str) -> "Floats":
        if (state, group) not in self.drawn:
            shared = self._normal("", group)
            own = self.rng.standard_normal(self.n)
            rho = self.truth.state_correlation
            self.drawn[state, group] = math.sqrt(rho) * shared + math.sqrt(1 - rho) * own
        return self.drawn[state, group]

    def _normal(self, state: str, group: str) -> "Floats":
        if (state, group) not in self.drawn:
            self.drawn[state, group] = self.rng.standard_normal(self.n)
        return self.drawn[state, group]


def _leave_out(scores: "Scores", form: Form, truth: CompanyTruth, rng: "np.random.Generator") -> None:
    """Puts in "cannot judge", "no standard exists" and missing answers, independent of the level."""
    n = scores.shape[0]
    by_group: dict[tuple[str, str], list[Slot]] = {}
    for slot in form.slots:
        if slot.state and slot.state != READINESS_STATE:
            by_group.setdefault((slot.state, slot.group), []).append(slot)
    for (state, group), slots in by_group.items():
        shares = truth.cannot_judge.get(state, {})
        share = shares.get(group, shares.get("*", 0.0))
        blank, unset = rng.random(n) < share, rng.random(n) < truth.no_standard
        for slot in slots:
            scores[blank, slot.index] = CANNOT_JUDGE
            if slot.no_standard:
                scores[unset, slot.index] = NO_STANDARD
    scores[rng.random(scores.shape) < truth.missing_share] = MISSING


def _answer_carelessly(scores: "Scores", careless: "Flags", form: Form, rng: "np.random.Generator") -> None:
    """One position on every scale for each careless person."""
    import numpy as np

    place = rng.integers(2, 6, size=int(careless.sum())) / LEVEL_SPAN
    for slot in form.slots:
        scores[careless, slot.index] = np.rint(slot.scale.low + place * slot.scale.span).astype(np.int16)


def _choice_questions(form: Form) -> Iterator[Question]:
    for page in form.pages:
        for question in page.questions:
            if question.kind in ("choice", "multi"):
                yield question


def _draw_choices(
    form: Form, truth: CompanyTruth, n: int, rng: "np.random.Generator"
) -> list[dict[str, list[str]]]:
    """Options by weight without replacement (largest of the weighted Gumbel draws)."""
    import numpy as np

    drawn: list[dict[str, list[str]]] = [{} for _ in range(n)]
    for question in _choice_questions(form):
        values = [option.value for option in question.options]
        table = truth.choices.get(question.code, truth.importance if question.kind == "multi" else {})
        weights = np.array([table.get(value, 1.0) for value in values])
        ranks = np.argsort(-(np.log(weights) + rng.gumbel(size=(n, len(values)))), axis=1)
        most = question.max_choices if question.kind == "multi" else 1
        for answers, row in zip(drawn, np.sort(ranks[:, :most], axis=1).tolist(), strict=True):
            answers[question.code] = [values[k] for k in row]
    return drawn


def _draw_texts(form: Form, truth: CompanyTruth, n: int, rng: "np.random.Generator") -> list[dict[str, str]]:
    drawn: list[dict[str, str]] = [{} for _ in range(n)]
    for code, texts in truth.comments.items():
        if not any(question.code == code for page in form.pages for question in page.questions):
            continue
        writes, which = rng.random(n) < truth.comment_share, rng.integers(0, len(texts), size=n)
        for i in writes.nonzero()[0].tolist():
            drawn[i][code] = texts[int(which[i])]
    return drawn
