"""A diagnosis is written in its client's language, and can be said in another without touching what people wrote."""

from typing import Any

import pytest

from diagnosis import services
from diagnosis.models import Action, Diagnosis, Finding
from diagnosis.retelling import renamed, retell
from diagnosis.rules.library import library_in
from practice.models import Engagement, Member
from surveys.form_cache import instrument_of
from tests.diagnosis.test_services import compute, make_wave
from tests.factories.practice import make_engagement

pytestmark = pytest.mark.django_db


@pytest.fixture
def engagement(owner_a: Member, scope_a: Any) -> Engagement:
    """An engagement in the open scope of practice A."""
    return make_engagement(owner_a)


def _diagnosed(engagement: Engagement, owner: Member, language: str) -> Diagnosis:
    client = engagement.client_organisation
    client.language = language
    client.save(update_fields=["language"])
    return compute(services.request_diagnosis(make_wave(engagement), owner))


def _rows(diagnosis: Diagnosis) -> tuple[list[Finding], list[Action]]:
    return list(Finding.objects.filter(diagnosis=diagnosis)), list(Action.objects.filter(diagnosis=diagnosis))


def test_findings_and_actions_are_written_in_the_clients_language(engagement, owner_a):
    diagnosis = _diagnosed(engagement, owner_a, "fr")
    findings, actions = _rows(diagnosis)
    assert diagnosis.language == "fr"
    assert any("que voulu" in row.headline for row in findings)
    french = {entry.id: entry.action for entry in library_in("fr")}
    assert {row.title for row in actions if row.entry} <= set(french.values())
    assert "Clients" in {row["name"] for row in diagnosis.result["audiences"]}


def test_another_language_changes_words_and_no_figure(engagement, owner_a):
    diagnosis = _diagnosed(engagement, owner_a, "en")
    findings, actions = _rows(diagnosis)
    changed = findings[0]
    changed.headline = "What the consultant wrote"
    told = retell(diagnosis, findings, actions, "fr")
    assert told.findings[0].headline == "What the consultant wrote"
    assert all(new.text != old.text for new, old in zip(told.findings, findings, strict=True) if old.text)
    assert {row.title for row in told.actions} <= {entry.action for entry in library_in("fr")}
    assert told.result["waterfall"] == diagnosis.result["waterfall"]
    notes = " ".join(told.result["notes"])
    assert "étapes" in notes
    assert "steps" not in notes
    assert findings[1].headline != told.findings[1].headline, "the rows themselves stay as they are"


def test_names_follow_the_reader(engagement, owner_a):
    diagnosis = _diagnosed(engagement, owner_a, "en")
    shown = renamed(diagnosis, instrument_of(diagnosis.wave, "fr"))
    assert {gap["code"]: gap["name"] for gap in shown["gaps"]}["I1"] == "Écart de réalisation"
    assert renamed(diagnosis, instrument_of(diagnosis.wave, "en")) is diagnosis.result


def test_another_language_of_the_client_asks_for_a_new_diagnosis(engagement, owner_a):
    diagnosis = _diagnosed(engagement, owner_a, "en")
    assert services.request_diagnosis(diagnosis.wave, owner_a).pk == diagnosis.pk
    client = engagement.client_organisation
    client.language = "fr"
    client.save(update_fields=["language"])
    wave = type(diagnosis.wave).objects.get(pk=diagnosis.wave_id)
    assert services.request_diagnosis(wave, owner_a).pk != diagnosis.pk
