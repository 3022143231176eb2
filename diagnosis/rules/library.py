"""Loads the library of recommended actions and the readings of the gaps; both are data and are checked when loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from surveys.instruments import Instrument, InstrumentError, load_builtin, parse_yaml
from surveys.instruments.reader import Reader, UnreadableError

Level = Literal["L", "M", "H"]
Direction = Literal["negative", "positive", "any"]
Stage = Literal["design", "implementation", "evaluation"]

GENERAL = "EV"
ENTRY_TEXTS = ("cause", "action", "owner", "lead", "lag")
READING_TEXTS = ("meaning", "causes", "checks")
LEVELS: Mapping[Level, int] = {"L": 1, "M": 2, "H": 3}
STAGES: Mapping[str, Stage] = {"D": "design", "I": "implementation", "E": "evaluation"}


class LibraryError(ValueError):
    """Rules that cannot be used; the text lists every problem with its path."""


@dataclass(frozen=True)
class When:
    """Conditions on the figures that must all hold; an empty one is not looked at.

    `gap` is clear or probable in `direction`, overall or in a dimension of `dimensions` (all when empty).
    `dimension_shortfall_share`: CE - CP of the dimension is at least this share of the scale range; `items` narrows
    this to one of the items where item means are known. `factor` scores below `below` of 100. `pillars`: in each pair
    (ahead, behind) the first is at least `at_least` of 100 ahead, with an interval that excludes 0. `disagreement`:
    persons disagree on this state (rwg below .5).
    """

    gap: str
    direction: Direction = "any"
    dimensions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    dimension_shortfall_share: float = 0.0
    factor: str = ""
    below: float = 0.0
    pillars: tuple[tuple[str, ...], ...] = ()
    at_least: float = 0.0
    disagreement: str = ""


@dataclass(frozen=True)
class LibraryEntry:
    """One recommended action.

    `when` without `ask`: recommended when the figures say so. With `ask`: listed as "check first" with this yes/no
    question to the consultant, never asserted; `when`, if given, must hold as well. `lead` moves early and is under the
    owner's control, `lag` shows the effect. Effort and impact are judgements and are never printed as numbers.
    """

    id: str
    gap: str
    cause: str
    action: str
    owner: str
    lead: str
    lag: str
    effort: Level
    impact: Level
    basis: tuple[str, ...]
    when: When | None = None
    ask: str = ""

    @property
    def stage(self) -> Stage:
        """Stage of the action; the general entries on evaluation belong to the last one."""
        return STAGES[self.gap[0]]

    @property
    def is_check_first(self) -> bool:
        """True when the consultant must answer a question before the action is recommended."""
        return bool(self.ask)

    @property
    def evidence(self) -> str:
        """Lead and lag measure in one line."""
        return _("%(lead)s; then: %(lag)s") % {"lead": self.lead, "lag": self.lag}

    @property
    def effort_level(self) -> int:
        """1 low, 2 medium, 3 high."""
        return LEVELS[self.effort]

    @property
    def impact_level(self) -> int:
        """1 low, 2 medium, 3 high."""
        return LEVELS[self.impact]


@dataclass(frozen=True)
class GapReading:
    """What a gap in one direction means, its likely causes, and what to check before acting.

    `pillars` is set for the coherence gap only: (the component that is ahead, the one that is behind).
    """

    gap: str
    direction: Literal["negative", "positive"]
    meaning: str
    causes: tuple[str, ...]
    checks: tuple[str, ...]
    pillars: tuple[str, ...] = ()


def load_library() -> tuple[LibraryEntry, ...]:
    """All entries in the order of the stages, in the reader's language; raises LibraryError with every problem."""
    return library_in(get_language() or "")


def load_readings() -> tuple[GapReading, ...]:
    """All readings in the order of the gaps, in the reader's language; raises LibraryError with every problem."""
    return _readings_in(get_language() or "")


def load_sources() -> Mapping[str, str]:
    """Short reference by basis key, in the reader's language; raises LibraryError with every problem."""
    return _sources_in(get_language() or "")


@cache
def library_in(language: str) -> tuple[LibraryEntry, ...]:
    """All entries in a language; in English where the library has no other."""
    folder = files("diagnosis.rules") / "actions"
    parts = sorted(part.name for part in folder.iterdir() if part.name.endswith(".yaml"))
    entries = parse_library([entry for name in parts for entry in _content(f"actions/{name}", "actions")])
    texts = _texts_in(language, "actions")
    if not texts:
        return entries
    names = {entry.id: (*ENTRY_TEXTS, *(("ask",) if entry.ask else ())) for entry in entries}
    _ensure_complete(f"{language}/actions", names, texts)
    return tuple(replace(entry, **texts[entry.id]) for entry in entries)


@cache
def _readings_in(language: str) -> tuple[GapReading, ...]:
    readings: tuple[GapReading, ...] = _read(
        tuple[GapReading, ...], _content("causes.yaml", "readings"), "readings"
    )
    texts = _texts_in(language, "readings")
    if not texts:
        return readings
    _ensure_complete(f"{language}/readings", {_key(one): READING_TEXTS for one in readings}, texts)
    return tuple(
        replace(
            one,
            meaning=texts[_key(one)]["meaning"],
            causes=tuple(texts[_key(one)]["causes"]),
            checks=tuple(texts[_key(one)]["checks"]),
        )
        for one in readings
    )


@cache
def _sources_in(language: str) -> Mapping[str, str]:
    sources: Mapping[str, str] = _read(Mapping[str, str], _content("sources.yaml", "sources"), "sources")
    return {**sources, **_texts_in(language, "sources")}


def _key(reading: GapReading) -> str:
    return f"{reading.gap}.{'-'.join(reading.pillars) or reading.direction}"


def _texts_in(language: str, key: str) -> dict[str, Any]:
    """What the folder of a language says in the place of the English texts; empty where there is no such folder."""
    if not (files("diagnosis.rules") / language / f"{key}.yaml").is_file() or not language:
        return {}
    texts: dict[str, Any] = _content(f"{language}/{key}.yaml", key)
    return texts


def _ensure_complete(path: str, wanted: Mapping[str, tuple[str, ...]], texts: Mapping[str, Any]) -> None:
    """Raise LibraryError unless a language says just what the English files say."""
    problems = [f"{path}[{code}]: is missing or too much" for code in sorted(set(wanted) ^ set(texts))]
    problems += [
        f"{path}[{code}]: expected {', '.join(names)}"
        for code, names in wanted.items()
        if code in texts and (set(texts[code]) != set(names) or not all(texts[code].values()))
    ]
    if problems:
        raise LibraryError("\n".join(problems))


def reading_for(
    gap: str, direction: Literal["negative", "positive"], pillars: tuple[str, ...] = ()
) -> GapReading:
    """The reading of a gap in one direction (of the coherence gap: of a pair); KeyError when there is none."""
    for reading in load_readings():
        if (reading.gap, reading.direction, reading.pillars) == (gap, direction, pillars):
            return reading
    raise KeyError((gap, direction, pillars))


def parse_library(content: Any, instrument: Instrument | None = None) -> tuple[LibraryEntry, ...]:
    """Entries from plain data, checked against an instrument (die-crm when not given); raises LibraryError."""
    entries: tuple[LibraryEntry, ...] = _read(tuple[LibraryEntry, ...], content, "actions")
    problems = list(_problems(entries, instrument or load_builtin("die-crm")))
    if problems:
        raise LibraryError("\n".join(problems))
    return entries


def _content(path: str, key: str) -> Any:
    text = (files("diagnosis.rules") / path).read_text(encoding="utf-8")
    try:
        content = parse_yaml(text, path)
    except InstrumentError as error:
        raise LibraryError(str(error)) from None
    if set(content) != {key}:
        raise LibraryError(f"{path}: expected the key {key}")
    return content[key]


def _read(kind: Any, content: Any, path: str) -> Any:
    reader = Reader()
    try:
        return reader.read(kind, content, path)
    except UnreadableError:
        raise LibraryError("\n".join(reader.problems)) from None


def _problems(entries: tuple[LibraryEntry, ...], instrument: Instrument) -> Iterator[str]:
    gaps = {gap.code for gap in instrument.gaps} | {GENERAL}
    sources = load_sources()
    ids = [entry.id for entry in entries]
    for entry in entries:
        path = f"actions[{entry.id}]"
        if ids.count(entry.id) > 1:
            yield f"{path}: the id is used {ids.count(entry.id)} times"
        if entry.gap not in gaps:
            yield f"{path}.gap: there is no gap {entry.gap}"
        elif not entry.id.startswith(f"{entry.gap}-"):
            yield f"{path}.id: must begin with {entry.gap}-"
        if entry.when is None and not entry.ask:
            yield f"{path}: needs when or ask"
        for key in entry.basis:
            if key not in sources:
                yield f"{path}.basis: there is no source {key}"
        if entry.when:
            yield from _when_problems(f"{path}.when", entry.when, instrument)


def _when_problems(path: str, when: When, instrument: Instrument) -> Iterator[str]:
    known = {
        "gap": ([when.gap], {gap.code for gap in instrument.gaps}),
        "dimensions": (when.dimensions, {dimension.code for dimension in instrument.dimensions}),
        "items": (when.items, {item.code for item in instrument.items}),
        "factor": ([when.factor] if when.factor else [], {factor.code for factor in instrument.factors}),
        "pillars": (
            [code for pair in when.pillars for code in pair],
            {pillar.code for pillar in instrument.pillars},
        ),
        "disagreement": (
            [when.disagreement] if when.disagreement else [],
            {state.code for state in instrument.states},
        ),
    }
    for name, (codes, allowed) in known.items():
        for code in codes:
            if code not in allowed:
                yield f"{path}.{name}: there is no {code}"
    if bool(when.factor) != (0 < when.below <= 100):
        yield f"{path}.below: a factor needs a limit above 0 and up to 100, and a limit needs a factor"
    if bool(when.pillars) != (0 < when.at_least <= 100):
        yield f"{path}.at_least: pillars need a difference above 0 and up to 100, and a difference needs pillars"
    if any(len(pair) != 2 for pair in when.pillars):
        yield f"{path}.pillars: write pairs [ahead, behind]"
    if not 0 <= when.dimension_shortfall_share <= 1:
        yield f"{path}.dimension_shortfall_share: must be from 0 to 1"
