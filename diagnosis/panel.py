"""Who answered two waves under their name: rows of two snapshots joined by person, never kept, never for confidential.

Only the figures made of the pairs are stored. The pairs must be those of the printed figures: where the answers of a
wave are no longer those of its snapshot, there is no panel until that wave is diagnosed anew.
"""

from dataclasses import replace

import numpy as np

from diagnosis.analysis import RANDOM_STATE
from diagnosis.analysis.panel import CHANGED, PanelLinks, panel_audiences
from diagnosis.audience_frame import AudienceFrame
from diagnosis.frames import Frames, read_persons, unpack_frames
from diagnosis.models import Diagnosis
from diagnosis.panel_result import PanelAudience, PanelResult
from diagnosis.result import Result
from diagnosis.wave_change import earlier_diagnosis_of
from surveys.enums import Mode
from surveys.instruments import Instrument
from surveys.models import Wave, WaveAudience


def panel_basis(diagnosis: Diagnosis) -> Diagnosis | None:
    """The diagnosis of the earlier wave that a panel is compared with; None where no audience can have one."""
    earlier = earlier_diagnosis_of(diagnosis)
    if earlier is None or not _named(diagnosis.wave) & _named(earlier.wave):
        return None
    codes = [(wave.instrument_code, wave.instrument_version) for wave in (diagnosis.wave, earlier.wave)]
    return earlier if codes[0] == codes[1] else None


def is_panel_current(diagnosis: Diagnosis) -> bool:
    """Tell whether the panel of a finished diagnosis is the one it would have today."""
    basis = panel_basis(diagnosis)
    return ((diagnosis.result.get("panel") or {}).get("earlier")) == (str(basis.pk) if basis else None)


def panel_of(diagnosis: Diagnosis, instrument: Instrument, frames: Frames) -> PanelResult | None:
    """The panels of a diagnosis whose snapshot holds `frames`; None where no audience is named in both waves."""
    earlier = panel_basis(diagnosis)
    if earlier is None:
        return None
    named = sorted(_named(diagnosis.wave) & _named(earlier.wave))
    before = None if earlier.snapshot is None else unpack_frames(bytes(earlier.snapshot.content))
    links = {} if before is None else _links(diagnosis.wave, frames, earlier.wave, before)
    found = (
        ()
        if before is None
        else panel_audiences(instrument, frames, before, links, random_state=RANDOM_STATE)
    )
    lost = tuple(PanelAudience(audience, CHANGED) for audience in named if audience not in links)
    return PanelResult(str(earlier.pk), (*found, *lost))


def with_panel_of(result: Result, stored: Result) -> Result:
    """The result with the panel that another holds: its pairs are not in the snapshot."""
    return replace(result, panel=stored.panel)


def _named(wave: Wave) -> set[str]:
    """Audiences that were asked under their name here, and not elsewhere."""
    rows = WaveAudience.invited.filter(wave=wave, mode=Mode.NAMED, source={})
    return set(rows.values_list("audience", flat=True))


def _links(later: Wave, now: Frames, earlier: Wave, before: Frames) -> dict[str, PanelLinks]:
    persons = read_persons(later, now), read_persons(earlier, before)
    found = {}
    for audience in persons[0].keys() & persons[1].keys():
        frames = now.get(audience), before.get(audience)
        if frames[0] is not None and frames[1] is not None:
            found[audience] = _joined(
                _used(frames[0], persons[0][audience]), _used(frames[1], persons[1][audience])
            )
    return found


def _used(frame: AudienceFrame, persons: list[str]) -> list[str]:
    return [person for person, used in zip(persons, frame.used.tolist(), strict=True) if used]


def _joined(later: list[str], earlier: list[str]) -> PanelLinks:
    places = {person: place for place, person in enumerate(earlier) if person}
    pairs = sorted((places[person], place) for place, person in enumerate(later) if person in places)
    return PanelLinks(
        later=np.array([place for _earlier, place in pairs], dtype=np.intp),
        earlier=np.array([place for place, _later in pairs], dtype=np.intp),
        known=np.array([bool(person) for person in earlier], dtype=np.bool_),
    )
