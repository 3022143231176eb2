"""A diagnosis at 1,000 and 10,000 respondents: the figures alone, and the whole job from stored answers."""

import math
import resource

import numpy as np

from benchmarks.measure import Measure, own_cpu
from benchmarks.scene import answered_wave
from benchmarks.stage import Stage

SIZES = (1_000, 10_000)
STAFF = {"managers": 40, "front_line": 400, "crm_team": 20}


def measures(_stage: Stage) -> list[Measure]:
    """Return CPU seconds of the analysis and of the job, and how the analysis grows."""
    from diagnosis.analysis import analyse
    from diagnosis.frames import pack_frames, read_frames, unpack_frames
    from practice.scope import practice_scope
    from surveys.instruments import load_builtin
    from tests.factories.practice import found_practice

    instrument = load_builtin("die-crm")
    owner = found_practice("Benchmark Figures")
    figures, found = {}, list[Measure]()
    for size in SIZES:
        with practice_scope(owner.practice):
            wave = answered_wave(owner, {"customers": size, **STAFF})

            def snapshot(wave: object = wave) -> None:
                nonlocal content
                content, _digest = pack_frames(read_frames(wave))

            content = b""
            reading, _cpu = own_cpu(snapshot)
            frames = unpack_frames(content)
        analyse(instrument, frames)
        _wall, figures[size] = own_cpu(lambda frames=frames: analyse(instrument, frames))  # type: ignore[misc]
        _wall, limit = own_cpu(lambda size=size: cross_products(size))  # type: ignore[misc]
        found += [
            Measure(f"Statistics of a diagnosis, {size:,} customers, CPU", figures[size], "s",
                    0.3 if size == 10_000 else None, limit, "one matrix product over 60 items"),
            Measure(f"Reading and freezing {size:,} answers", reading, "s"),
        ]  # fmt: skip
        if size == 10_000:
            found.append(Measure("Whole diagnosis of 10,000 answers", reading + figures[size], "s", 2))
    growth = math.log(figures[SIZES[1]] / figures[SIZES[0]]) / math.log(SIZES[1] / SIZES[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        *found,
        Measure("Growth of the statistics with respondents, exponent", growth, "", 1),
        Measure("Memory at most", peak, "GB", 1.5),
    ]


def cross_products(n: int) -> None:
    """Multiply a complete matrix of n answers to 60 items with itself."""
    answers = np.random.default_rng(1).normal(size=(n, 60))
    answers.T @ answers
