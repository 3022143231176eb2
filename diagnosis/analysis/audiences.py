"""Who was asked and who answered, per audience; counts that could point at persons are left out."""

from diagnosis.analysis.study import Study
from diagnosis.audience_result import AudienceResult, Excluded, OpenLinkResult, Share
from diagnosis.frames import CARELESS, FEW_ANSWERS, AudienceFrame
from diagnosis.stats.proportions import wilson_interval
from diagnosis.stats.results import NotEnough
from diagnosis.stats.weighting import effective_n
from surveys.disclosure import MIN_GROUP, MIN_VARIANT_DIFFERENCE, is_indicative, safe_total

REASONS = (CARELESS, FEW_ANSWERS)
SEVERAL = "several"


def audience_results(study: Study) -> tuple[AudienceResult, ...]:
    """One row per audience asked, in the order of the instrument."""
    rows = []
    for audience in study.instrument.audiences:
        frame = study.frame(audience.code)
        if frame is not None:
            rows.append(_row(study, audience.code, audience.name, frame))
    return tuple(rows)


def _row(study: Study, code: str, name: str, frame: AudienceFrame) -> AudienceResult:
    counts = frame.counts
    shown = study.is_shown(code)
    finished = _total(counts.finished, counts.invited)
    if frame.is_collected and counts.finished is not None:
        finished = safe_total(counts.finished)
    weights = frame.used_weights()
    by_link = frame.n_used_by_open_link
    invited_used = frame.n_used - by_link
    told = shown and (not by_link or not 0 < invited_used < MIN_GROUP)
    return AudienceResult(
        code=code,
        name=name,
        mode=frame.mode,
        form=frame.form,
        invited=counts.invited,
        accepted=_total(counts.accepted, counts.invited),
        bounced=_total(counts.bounced, counts.invited),
        started=_total(counts.started, counts.invited),
        finished=finished,
        used=invited_used if told else None,
        excluded=_excluded(frame) if shown else None,
        response_rate=_rate(finished, counts.invited),
        indicative=shown and is_indicative(code, frame.n_used),
        suppressed=None if shown else study.hidden_text(code),
        collected=frame.is_collected,
        effective_n=effective_n(weights) if shown and weights is not None else None,
        open_link=OpenLinkResult(
            started=_visits(frame.open_counts.started),
            finished=_visits(frame.open_counts.finished),
            used=by_link if told else None,
            included=by_link > 0,
        )
        if frame.by_open_link
        else None,
    )


def _visits(count: int | None) -> int | None:
    return None if count is None else safe_total(count)


def _total(count: int | None, invited: int | None) -> int | None:
    return None if count is None or invited is None else safe_total(count, invited=invited)


def _rate(finished: int | None, invited: int | None) -> Share | None:
    if finished is None or not invited:
        return None
    found = wilson_interval(min(finished, invited), invited)
    return None if isinstance(found, NotEnough) else Share(found.share, found.ci_low, found.ci_high)


def _excluded(frame: AudienceFrame) -> tuple[Excluded, ...] | None:
    """Answers left out per rule; None when so few were left out that the count must stay unsaid.

    Rules with fewer answers than the minimum are counted together.
    """
    counts = {reason: frame.excluded_by(reason) for reason in REASONS}
    total = sum(counts.values())
    if total == 0:
        return ()
    if total < MIN_VARIANT_DIFFERENCE:
        return None
    small = [reason for reason, n in counts.items() if 0 < n < MIN_VARIANT_DIFFERENCE]
    if small:
        return (Excluded(SEVERAL, total),)
    return tuple(Excluded(reason, n) for reason, n in counts.items() if n)
