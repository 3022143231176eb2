"""What must hold in a diagnosis: every number finite, and the total gap equal to the sum of its steps."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crmgap_site.selftest.errors import SelfTestError

TOTAL: Final = "E1"
STEPS: Final = ("D1", "D2", "I1", "E4")
TOLERANCE: Final = 1e-12
MINUS: Final = "\N{MINUS SIGN}"


def numbers_in(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a JSON value with its path; raises SelfTestError for one that is not finite."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from numbers_in(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from numbers_in(inner, f"{path}[{place}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise SelfTestError(f"the figure {path} is {value}")
        yield path, float(value)


def check_sum(result: Mapping[str, Any]) -> tuple[int, float]:
    """Check E1 = D1 + D2 + I1 + E4 overall and in every dimension; return how many sums held and the largest error."""
    gaps = {gap["code"]: gap for gap in result["gaps"]}
    missing = {TOTAL, *STEPS} - gaps.keys()
    if missing:
        raise SelfTestError(f"the diagnosis lacks the gaps {', '.join(sorted(missing))}")
    names = [None, *gaps[TOTAL]["dimensions"]]
    errors = []
    for name in names:
        found = {code: _estimate(gaps[code], name) for code in (TOTAL, *STEPS)}
        error = abs(found[TOTAL] - math.fsum(found[code] for code in STEPS))
        if error > TOLERANCE:
            steps = " + ".join(f"{found[code]!r}" for code in STEPS)
            raise SelfTestError(f"{TOTAL} {name or 'overall'} is {found[TOTAL]!r}, not {steps}")
        errors.append(error)
    return len(errors), max(errors)


def check_counts(result: Mapping[str, Any], invited: Mapping[str, int]) -> None:
    """Check that everybody invited was reached and has finished, audience by audience."""
    found = {row["code"]: (row["invited"], row["accepted"], row["finished"]) for row in result["audiences"]}
    wanted = {code: (number, number, number) for code, number in invited.items()}
    if found != wanted:
        raise SelfTestError(f"invited, reached and finished are {found}, not {wanted}")


def total_gap(result: Mapping[str, Any]) -> float:
    """Return the customers' gap overall."""
    return _estimate(next(gap for gap in result["gaps"] if gap["code"] == TOTAL), None)


def printed(figure: float) -> str:
    """Return a difference as the documents print it: sign, two decimals, a true minus."""
    return f"{figure:+.2f}".replace("-", MINUS)


def _estimate(gap: Mapping[str, Any], dimension: str | None) -> float:
    figures = gap["overall"] if dimension is None else gap["dimensions"][dimension]
    estimate = figures.get("estimate")
    if not isinstance(estimate, int | float):
        raise SelfTestError(f"the gap {gap['code']} {dimension or 'overall'} has no figure: {figures}")
    return float(estimate)
