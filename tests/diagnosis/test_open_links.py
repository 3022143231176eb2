"""Answers by open links: apart from the invited, in no figure without a decision, and never so that a few stand out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.exclusion import apply_rules
from diagnosis.frames import CARELESS, FEW_ANSWERS, OPEN_LINK, pack_frames, read_frames, unpack_frames
from diagnosis.models import Diagnosis
from diagnosis.services import request_diagnosis
from practice.exceptions import InvalidInputError
from practice.models import Member
from surveys.instruments import Form, load_builtin
from surveys.models import Response, Wave, WaveAudience
from tests.diagnosis.test_services import compute
from tests.factories.practice import make_engagement

pytestmark = pytest.mark.django_db
INCLUDED = [CARELESS, FEW_ANSWERS]


def make_wave(owner: Member, *, invited: int, by_link: int, state: str = "released") -> Wave:
    """Customers who want 6 and get 4, and visitors who want 6 and get 2, one point more or less by turns."""
    instrument = load_builtin("die-crm")
    wave = Wave.objects.create(
        engagement=make_engagement(owner),
        name="Wave 1",
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
    )
    form = instrument.form_for("customers")
    for channel, n, levels in (("invited", invited, (6, 4)), ("open", by_link, (6, 2))):
        row = WaveAudience.objects.create(
            wave=wave,
            audience="customers",
            channel=channel,
            form=form.code,
            state="released" if channel == "open" else state,
            totals={"started": n + 2, "finished": n},
        )
        Response.objects.bulk_create(
            Response(wave_audience=row, scores=row_of(form, levels, 1 - 2 * (person % 2)), record={})
            for person in range(n)
        )
    return wave


def row_of(form: Form, levels: tuple[int, int], shift: int) -> list[int]:
    wanted, received = (level + shift for level in levels)
    return [{"CE": wanted, "CP": received}.get(slot.state, 5) for slot in form.slots]


def first(wave: Wave, owner: Member) -> Diagnosis:
    return compute(request_diagnosis(wave, owner))


def customers(diagnosis: Diagnosis) -> dict[str, Any]:
    return next(row for row in diagnosis.result["audiences"] if row["code"] == "customers")


def total_gap(diagnosis: Diagnosis) -> dict[str, Any]:
    return next(gap for gap in diagnosis.result["gaps"] if gap["code"] == "E1")["overall"]


def test_visitors_join_the_figures_only_by_decision(owner_a, scope_a):
    wave = make_wave(owner_a, invited=6, by_link=6)
    before = first(wave, owner_a)
    assert total_gap(before)["estimate"] == -2.0
    row = customers(before)
    assert (row["used"], row["excluded"]) == (6, [])
    assert row["open_link"] == {"started": 8, "finished": 6, "used": 0, "included": False}
    assert "Customers: answers by an open link are left out of every figure." in before.result["notes"]
    after = compute(apply_rules(wave, rules=INCLUDED, reason="They match the known mix", actor=owner_a))
    # (6 x -2 + 6 x -4) / 12
    assert total_gap(after)["estimate"] == -3.0
    row = customers(after)
    assert (row["used"], row["open_link"]["used"], row["open_link"]["included"]) == (6, 6, True)
    assert any("are part of the figures" in note for note in after.result["notes"])


def test_fewer_than_five_visitors_stay_out(owner_a, scope_a):
    wave = make_wave(owner_a, invited=6, by_link=4)
    first(wave, owner_a)
    after = compute(apply_rules(wave, rules=INCLUDED, reason="x", actor=owner_a))
    assert total_gap(after)["estimate"] == -2.0
    assert customers(after)["open_link"] == {"started": 6, "finished": None, "used": 0, "included": False}


def test_a_handful_of_invited_cannot_be_computed_from_the_sum(owner_a, scope_a):
    wave = make_wave(owner_a, invited=3, by_link=8)
    wave.rules_off = [OPEN_LINK]
    wave.save()
    row = customers(first(wave, owner_a))
    assert (row["used"], row["open_link"]["used"], row["open_link"]["included"]) == (None, None, True)


def test_where_nobody_was_invited_visitors_are_the_audience(owner_a, scope_a):
    wave = make_wave(owner_a, invited=0, by_link=6, state="draft")
    assert read_frames(wave).audiences == {}
    wave.closed_at = timezone.now()
    wave.save()
    diagnosis = first(wave, owner_a)
    assert total_gap(diagnosis)["estimate"] == -4.0
    assert customers(diagnosis)["open_link"]["included"]


def test_the_rule_exists_only_where_there_is_an_open_link(owner_a, scope_a):
    wave = make_wave(owner_a, invited=6, by_link=6)
    WaveAudience.objects.filter(wave=wave, channel="open").delete()
    first(wave, owner_a)
    with pytest.raises(InvalidInputError):
        apply_rules(wave, rules=[*INCLUDED, OPEN_LINK], reason="x", actor=owner_a)


def test_a_snapshot_keeps_the_channel_of_each_answer(owner_a, scope_a):
    frames = read_frames(make_wave(owner_a, invited=6, by_link=7), [OPEN_LINK])
    frame = unpack_frames(pack_frames(frames)[0]).audiences["customers"]
    assert (frame.n_used, frame.n_used_by_open_link) == (13, 7)
    assert (frame.open_counts.started, frame.open_counts.finished) == (9, 7)
    assert frame.excluded_by(FEW_ANSWERS, by_open_link=True) == 0


def test_pages_tables_and_choice_show_the_row(owner_a, scope_a):
    wave = make_wave(owner_a, invited=6, by_link=6)
    diagnosis = first(wave, owner_a)
    client = Client()
    client.force_login(owner_a.user)
    where = {"slug": owner_a.practice.slug, "engagement_id": wave.engagement_id}
    page = client.get(reverse("diagnosis:diagnosis_detail", kwargs=where)).content.decode()
    assert "Customers by open link" in page
    choice = client.get(reverse("diagnosis:left_out", kwargs=where)).content.decode()
    assert "nobody knows who answered" in choice
    assert diagnosis.number == 1
