"""The order check: did it matter whether people saw the outcomes before the ratings; a random half of them did."""

from collections.abc import Mapping

from diagnosis.analysis.halves import Compared, compare_sides
from diagnosis.analysis.releases import Releases
from diagnosis.analysis.scores import ScoreBook
from diagnosis.order_check_result import OrderCheckResult, OrderedOutcome
from surveys.instruments.routing import OUTCOMES_FIRST, RATINGS_FIRST
from surveys.settling import ORDER


def order_checks(book: ScoreBook, releases: Releases) -> tuple[OrderCheckResult, ...]:
    """One check for each audience whose form has two orders, with ten persons and more in each half.

    Differences are outcomes first less ratings first. Where the order was given up at release, there is no check.
    """
    study = book.study
    found = []
    for audience in study.instrument.audiences:
        frame = study.frame(audience.code)
        if frame is None or not study.is_shown(audience.code):
            continue
        compared = compare_sides(
            book,
            releases,
            audience.code,
            frame.groups(ORDER),
            (RATINGS_FIRST, OUTCOMES_FIRST),
            outcomes=tuple(study.instrument.outcomes),
        )
        if compared is not None:
            names = {block.code: block.name for block in study.instrument.outcomes}
            found.append(_result(audience.code, compared, names))
    return tuple(found)


def _result(audience: str, compared: Compared, names: Mapping[str, str]) -> OrderCheckResult:
    outcomes = tuple(
        OrderedOutcome(code, names[code], row.estimate, row.ci_low, row.ci_high, row.q_value, row.verdict)
        for code, row in compared.outcomes.items()
    )
    return OrderCheckResult(audience, compared.n_second, compared.n_first, compared.rows, outcomes)
