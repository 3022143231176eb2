"""A stored diagnosis in another language than its own: names by the instrument, sentences by computing them anew.

What a person has written or changed stays as it is written.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import override

from diagnosis.analysis import analyse
from diagnosis.computing import stored_result
from diagnosis.frames import unpack_frames
from diagnosis.models import Action, Diagnosis, Finding
from diagnosis.panel import with_panel_of
from diagnosis.result import Result
from diagnosis.rules.findings import find
from diagnosis.rules.library import LibraryEntry, library_in
from diagnosis.rules.recommend import recommend
from surveys.form_cache import instrument_of
from surveys.instruments import Instrument, texts_of

NAMED: Final = frozenset({"name", "label_later", "label_earlier", "outcome"})
"""Keys of a result that hold names of the instrument."""
ACTION_TEXTS: Final = {
    "title": "action",
    "cause": "cause",
    "question": "ask",
    "owner": "owner",
    "measure": "evidence",
}
"""Fields of an action by the text of the library they come from."""


@dataclass(frozen=True, slots=True)
class Retold:
    """A diagnosis in another language; the rows are copies that must not be saved."""

    result: Mapping[str, Any]
    findings: list[Finding]
    actions: list[Action]


def renamed(diagnosis: Diagnosis, instrument: Instrument) -> dict[str, Any]:
    """The result with the names that the instrument, given in the reader's language, has for its parts."""
    result: dict[str, Any] = diagnosis.result
    if instrument.language == diagnosis.language:
        return result
    own = texts_of(instrument_of(diagnosis.wave, diagnosis.language).as_dict())
    names = {own[path]: text for path, text in texts_of(instrument.as_dict()).items() if path in own}
    renamed_result: dict[str, Any] = _with_names(result, names)
    return renamed_result


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: names.get(entry, entry)
            if key in NAMED and isinstance(entry, str)
            else _with_names(entry, names)
            for key, entry in value.items()
        }
    return [_with_names(entry, names) for entry in value] if isinstance(value, list) else value


def retell(
    diagnosis: Diagnosis, findings: Iterable[Finding], actions: Iterable[Action], language: str
) -> Retold:
    """Say a diagnosis in a language.

    Sentences that hold figures are computed anew from the frozen answers; where the program computes other figures
    today, they stay in the diagnosis's own language, and only names and the library's texts change.
    """
    if language == diagnosis.language:
        return Retold(diagnosis.result, list(findings), list(actions))
    instrument = instrument_of(diagnosis.wave, language)
    with override(language):
        result = _recomputed(diagnosis, instrument)
    told_actions = [_action(row, diagnosis.language, language) for row in actions]
    if result is None:
        return Retold(renamed(diagnosis, instrument), list(findings), told_actions)
    with override(language):
        new = {one.code: one for one in find(result, instrument)}
        content = stored_result(result, recommend(result, instrument, library_in(language)))
    with override(diagnosis.language):
        own_instrument = instrument_of(diagnosis.wave, diagnosis.language)
        old = {one.code: one for one in find(Result.from_json(diagnosis.result), own_instrument)}
    return Retold(
        content, [_finding(row, old.get(row.code), new.get(row.code)) for row in findings], told_actions
    )


def _recomputed(diagnosis: Diagnosis, instrument: Instrument) -> Result | None:
    """The result in the active language; None when its figures are not those of the diagnosis."""
    if diagnosis.snapshot is None:
        return None
    stored = Result.from_json(diagnosis.result)
    result = with_panel_of(analyse(instrument, unpack_frames(bytes(diagnosis.snapshot.content))), stored)
    return result if _figures(result.to_json()) == _figures(stored.to_json()) else None


def _figures(value: Any) -> Any:
    """A result without its words."""
    if isinstance(value, dict):
        return {key: _figures(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_figures(entry) for entry in value]
    return None if isinstance(value, str) else value


def _finding(row: Finding, old: Any, new: Any) -> Finding:
    """A copy of a finding whose words are the rules' own ones in the new language."""
    told = copy(row)
    if old is None or new is None:
        return told
    for name in ("headline", "text"):
        if getattr(row, name) == getattr(old, name):
            setattr(told, name, getattr(new, name))
    if list(row.causes) == list(old.causes):
        told.causes = list(new.causes)
    told.evidence = row.evidence | {
        name: new.evidence[name] for name in ("checks", "factors") if name in new.evidence
    }
    return told


def _action(row: Action, own: str, language: str) -> Action:
    """A copy of an action whose words are the library's own ones in the new language."""
    told = copy(row)
    entries = {one.id: one for one in library_in(own)}, {one.id: one for one in library_in(language)}
    old, new = (found.get(row.entry) for found in entries)
    if old is None or new is None:
        return told
    for name, source in ACTION_TEXTS.items():
        limit = row._meta.get_field(name).max_length  # type: ignore[union-attr]  # columns only
        if getattr(row, name) == _text(old, source, own)[:limit]:
            setattr(told, name, _text(new, source, language)[:limit])
    return told


def _text(entry: LibraryEntry, name: str, language: str) -> str:
    with override(language):
        return str(getattr(entry, name))
