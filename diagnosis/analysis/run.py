"""The whole analysis in order: frames in, result out; no database, no clock, the same seed gives the same result."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from diagnosis.analysis.appendix import appendix_result
from diagnosis.analysis.audiences import audience_results
from diagnosis.analysis.coverage import coverage_result
from diagnosis.analysis.direct import direct_result
from diagnosis.analysis.drivers import drivers_result
from diagnosis.analysis.early_late import early_late_result
from diagnosis.analysis.gaps import state_gaps
from diagnosis.analysis.importance import priorities, quality_index, stated_importance, with_derived
from diagnosis.analysis.notes import notes_on
from diagnosis.analysis.order_check import order_checks
from diagnosis.analysis.outcomes import outcome_results
from diagnosis.analysis.profiles import profiles_result
from diagnosis.analysis.readiness import readiness_gaps, readiness_result
from diagnosis.analysis.readiness_scores import score_readiness
from diagnosis.analysis.releases import Releases
from diagnosis.analysis.reliability import agreements, reliabilities
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.shares import shares_result
from diagnosis.analysis.states import item_means, state_quality, state_results
from diagnosis.analysis.structure import structure_result
from diagnosis.analysis.study import Study
from diagnosis.analysis.tolerance import tolerance_result
from diagnosis.analysis.units import unit_agreements
from diagnosis.analysis.waterfall import build_waterfall
from diagnosis.frames import Frames
from diagnosis.result import NoStandard, Result
from diagnosis.rules.patterns import name_patterns
from diagnosis.rules.version import RULES_VERSION
from surveys.disclosure import CUSTOMERS
from surveys.instruments import Instrument

Show = Callable[[int, int, str], None]

N_STEPS = 7
RANDOM_STATE = 20_260


def _silent(_done: int, _total: int, _what: str) -> None:
    """Show no progress."""


def analyse(
    instrument: Instrument, frames: Frames, *, random_state: int = RANDOM_STATE, show: Show = _silent
) -> Result:
    """Compute the result of one wave.

    frames: what `diagnosis.frames` read; random_state seeds bootstrap and permutations; `show(done, total, what)` is
    called between the steps. Means and gaps are unrounded floats; overall gaps satisfy the waterfall identity to 1e-12.
    """
    study = Study(instrument, frames, random_state)
    show(0, N_STEPS, _("Scoring answers"))
    book = score_states(study)
    sample = study.sampled()
    part = book if sample is study else score_states(sample)
    readiness = score_readiness(study)
    show(1, N_STEPS, _("Testing gaps"))
    gaps = {gap.code: gap for gap in (*state_gaps(book), *readiness_gaps(readiness))}
    ordered = tuple(gaps[gap.code] for gap in instrument.gaps)
    states = state_results(book)
    audiences = audience_results(study)
    reliability = reliabilities(book)
    readiness_found = readiness_result(readiness, gaps)
    releases = Releases(book)
    coverage = next((coverage_result(book, gap, releases) for gap in ordered if gap.kind == "coverage"), None)
    show(2, N_STEPS, _("Weighing the drivers"))
    drivers = drivers_result(part)
    show(3, N_STEPS, _("Splitting the total gap into steps"))
    importance = with_derived(stated_importance(study, CUSTOMERS), drivers.importance if drivers else None)
    waterfall = build_waterfall(book, ordered, importance.weights)
    show(4, N_STEPS, _("Seeking profiles"))
    profiles = profiles_result(part, states, releases if part is book else Releases(part))
    show(5, N_STEPS, _("Examining scales and second opinions"))
    structure = structure_result(part, reliability)
    appendix = appendix_result(part, gaps)
    show(6, N_STEPS, _("Naming patterns"))
    return Result(
        instrument={"code": instrument.code, "version": instrument.version},
        rules_version=RULES_VERSION,
        scale={"low": instrument.level_scale.low, "high": instrument.level_scale.high},
        audiences=audiences,
        states=states,
        gaps=ordered,
        waterfall=waterfall,
        reliability=reliability,
        items=item_means(book),
        readiness=readiness_found,
        coverage=coverage,
        importance=importance,
        priorities=priorities(gaps[instrument.waterfall.total], importance.weights),
        patterns=name_patterns(
            instrument, gaps=gaps, waterfall=waterfall, readiness=readiness_found, coverage=coverage
        ),
        rq_index=quality_index(book, states, importance.weights),
        no_standard=tuple(
            NoStandard(entry.item, entry.n, entry.share, entry.left_out) for entry in book.without_standard
        ),
        quality=state_quality(book),
        agreement=agreements(book),
        notes=tuple(notes_on(book, audiences, waterfall, is_sampled=part is not book)),
        outcomes=tuple(outcome_results(study)),
        zone=tolerance_result(book),
        direct=direct_result(book, gaps[instrument.waterfall.total]),
        drivers=drivers,
        profiles=profiles,
        appendix=appendix,
        shares=shares_result(study),
        units=unit_agreements(book),
        early_late=early_late_result(book, releases),
        order_checks=order_checks(book, releases),
        structure=structure,
    )
