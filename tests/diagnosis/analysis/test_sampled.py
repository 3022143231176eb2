"""Very large groups: means and gaps rest on everybody, costly models on a random sample, and the notes say so."""

import pytest

from diagnosis.analysis import analyse, study
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

N_CUSTOMERS = 900
MOST = 400


def test_costly_models_rest_on_a_sample_and_the_gaps_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": N_CUSTOMERS, "managers": 12, "front_line": 45})
    whole = analyse(die_crm(), frames)
    monkeypatch.setattr(study, "MOST_PERSONS", MOST)
    part = analyse(die_crm(), frames)
    assert [gap.overall for gap in part.gaps] == [gap.overall for gap in whole.gaps]
    assert part.drivers is not None
    assert part.drivers.outcomes[0].n in range(MOST - 20, MOST + 1)
    assert part.profiles is not None
    assert part.profiles.n in range(MOST - 20, MOST + 1)
    said = [note for note in part.notes if "random" in note]
    assert len(said) == 1
    assert "everybody" in said[0]
    assert not any("random" in note for note in whole.notes)
