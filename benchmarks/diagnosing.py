"""A diagnosis of 1,000 to 1,000,000 respondents: its steps, the pass over the answers, the job from stored answers."""

import math
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pingouin

from benchmarks.measure import Measure, own_cpu
from benchmarks.scene import answered_wave
from benchmarks.stage import Stage
from diagnosis.analysis import analyse
from diagnosis.coded import Coded
from diagnosis.frames import (
    AudienceFrame,
    Counts,
    Frames,
    build_frame,
    pack_frames,
    read_frames,
    unpack_frames,
)
from diagnosis.stats.moments import packed_moments
from practice.scope import practice_scope
from surveys.instruments import Instrument, load_builtin
from surveys.simulation import SAMPLE_TRUTH, draw_responses
from tests.factories.practice import found_practice

STORED = (1_000, 10_000)
DRAWN = (10_000, 100_000, 1_000_000)
DISTINCT = 2_000
STAFF = {"managers": 40, "front_line": 400, "crm_team": 20}
N_ITEMS = 60
STEPS = (
    "Gap diagnosis",
    "Gap diagnosis",
    "Key drivers",
    "Gap diagnosis",
    "Profiles",
    "Scales and second opinions",
    "Gap diagnosis",
)
BUDGETS = {
    ("Gap diagnosis", 10_000): 0.3,
    ("Gap diagnosis", 1_000_000): 2.0,
    ("Key drivers", 10_000): 3.0,
}


def measures(_stage: Stage) -> list[Measure]:
    """Return CPU seconds of the job, of each kind of step at each size, of the pass over the answers and of peers."""
    instrument = load_builtin("die-crm")
    return [
        *_of_stored_answers(instrument),
        *_of_sizes(instrument),
        *(measure for size in DRAWN for measure in _of_the_pass(size)),
    ]


def _of_stored_answers(instrument: Instrument) -> Iterator[Measure]:
    owner = found_practice("Benchmark Figures")
    for size in STORED:
        with practice_scope(owner.practice):
            wave = answered_wave(owner, {"customers": size, **STAFF})
            _wall, freezing = own_cpu(lambda wave=wave: pack_frames(read_frames(wave)))  # type: ignore[misc]
            content, _digest = pack_frames(read_frames(wave))
        _wall, figures = own_cpu(lambda content=content: analyse(instrument, unpack_frames(content)))  # type: ignore[misc]
        yield Measure(f"Reading and freezing {size:,} answers, CPU", freezing, "s")
        yield Measure(
            f"Whole diagnosis of {size:,} stored answers, CPU",
            freezing + figures,
            "s",
            2 if size == STORED[-1] else None,
        )


def _of_sizes(instrument: Instrument) -> Iterator[Measure]:
    spent: dict[int, dict[str, float]] = {}
    for size in DRAWN:
        frames = drawn_frames(instrument, size)
        spent[size] = cpu_by_step(lambda show, frames=frames: analyse(instrument, frames, show=show))  # type: ignore[misc]
        for step, seconds in spent[size].items():
            yield Measure(f"{step}, {size:,} customers, CPU", seconds, "s", BUDGETS.get((step, size)))
    growth = math.log(spent[DRAWN[-1]]["Gap diagnosis"] / spent[DRAWN[0]]["Gap diagnosis"])
    growth /= math.log(DRAWN[-1] / DRAWN[0])
    yield Measure("Growth of the gap diagnosis with respondents, exponent", growth, "", 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield Measure(f"Memory at most, {DRAWN[-1]:,} customers", peak, "GB", 1.5)


def _of_the_pass(size: int) -> Iterator[Measure]:
    """One pass for all sums and cross-products, and what alpha alone takes a user of two well-known libraries."""
    answers = np.random.default_rng(1).integers(1, 8, size=(size, N_ITEMS), dtype=np.int16)
    _wall, own = own_cpu(lambda: packed_moments(answers, shift=4.0, missing_up_to=0))
    plain = answers.astype(np.float64)
    _wall, limit = own_cpu(lambda: plain.T @ plain)
    yield Measure(
        f"Sums and cross-products of {size:,} x {N_ITEMS}, CPU",
        own,
        "s",
        limit * 2,
        limit,
        "one matrix product",
    )
    table = pd.DataFrame(plain)
    _wall, covariances = own_cpu(table.cov)
    yield Measure(
        f"The same with pandas (cov), {size:,} x {N_ITEMS}, CPU",
        covariances,
        "s",
        None,
        own,
        "one pass of ours",
    )
    _wall, alpha = own_cpu(lambda: pingouin.cronbach_alpha(table))
    yield Measure(
        f"Alpha alone with pingouin, {size:,} x {N_ITEMS}, CPU", alpha, "s", None, own, "one pass of ours"
    )


def drawn_frames(instrument: Instrument, size: int) -> Frames:
    """Frames of so many customers, of whom the first DISTINCT are drawn and then repeated, and of the usual staff."""
    audiences = {}
    for place, (code, n) in enumerate({"customers": size, **STAFF}.items()):
        form = instrument.form_for(code)
        drawn = draw_responses(form, SAMPLE_TRUTH, min(n, DISTINCT), np.random.default_rng(place))
        rows = [
            (person.scores, person.choices, {"Region": "NSWE"[at % 4]}, []) for at, person in enumerate(drawn)
        ]
        frame = build_frame(form, mode="confidential", rows=rows, counts=Counts(finished=n))
        audiences[code] = _repeated(frame, n)
    return Frames(instrument.code, instrument.version, audiences)


def _repeated(frame: AudienceFrame, n: int) -> AudienceFrame:
    """The persons of a frame over and over, n in all."""
    rows = np.arange(n) % frame.n
    parts = {
        name: Coded.of(getattr(frame, name), repr).take(rows) for name in ("excluded", "attributes", "ticks")
    }
    return replace(frame, scores=np.asfortranarray(frame.scores[rows]), **parts)


def cpu_by_step(work: Callable[[Callable[[int, int, str], None]], object]) -> dict[str, float]:
    """Run work that shows its steps; return the CPU seconds by kind of step."""
    spent = dict.fromkeys(STEPS, 0.0)
    ended: list[float] = []

    def show(done: int, _total: int, _what: str) -> None:
        ended.append(time.process_time())
        if done:
            spent[STEPS[done - 1]] += ended[-1] - ended[-2]

    work(show)
    spent[STEPS[-1]] += time.process_time() - ended[-1]
    return spent
