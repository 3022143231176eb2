"""The persons who answered two waves under their name: how they changed, and whether those who left were different."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Change of the same persons on a state or gap, overall (`dimension` empty) or on a dimension, paired t.

    `reason`: few_hidden, too_few, no_variation, or empty; with few_hidden nothing else is told.
    """

    code: str
    dimension: str
    reason: str = ""
    n: int | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    df: float | None = None
    p_value: float | None = None
    q_value: float | None = None


@dataclass(frozen=True, slots=True)
class LeaverRow:
    """Scores of the earlier wave on a state or gap: those who answered again minus those who did not, Welch."""

    code: str
    reason: str = ""
    n_stayed: int | None = None
    n_left: int | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    df: float | None = None
    p_value: float | None = None
    q_value: float | None = None


@dataclass(frozen=True, slots=True)
class PanelAudience:
    """One audience; `n` persons are in both waves, `n_left` in the earlier one alone (None = not told).

    `reason` says why there is nothing: changed, other_form, few_hidden, not_comparable.
    """

    audience: str
    reason: str = ""
    n: int | None = None
    n_left: int | None = None
    changes: tuple[PanelRow, ...] = ()
    leavers: tuple[LeaverRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelResult:
    """The panels of a diagnosis against one diagnosis of the earlier wave, whose id is `earlier`."""

    earlier: str
    audiences: tuple[PanelAudience, ...]
