"""The field view: mails by outcome, answers as totals that may be shown, at the same cost for every size."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.models import Member
from practice.scope import practice_scope
from surveys import selectors
from surveys.enums import DeliveryState, Mode, Round
from surveys.mixer import refresh_totals
from surveys.models import Delivery, LedgerEntry, Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_launched_wave, make_wave

pytestmark = pytest.mark.django_db


def row_of(wave: Wave, audience: str = "customers") -> selectors.AudienceField:
    view = selectors.field_view(wave)
    return next(row for row in view.audiences if row.audience.audience == audience)


def let_answer(wave: Wave, n: int) -> None:
    rows = (
        LedgerEntry.objects.filter(wave_audience__wave=wave).order_by("pk").values_list("pk", flat=True)[:n]
    )
    LedgerEntry.objects.filter(pk__in=list(rows)).update(submitted=True)


def move(rows: list[Delivery], *states: str) -> None:
    for state in states:
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(state=state)


def test_mails_are_counted_by_outcome(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=10)
        rows = list(Delivery.objects.filter(round=Round.INVITATION))
        move(rows[:4], DeliveryState.SENDING, DeliveryState.ACCEPTED)
        move(rows[4:6], DeliveryState.SENDING, DeliveryState.BOUNCED_HARD)
        move(rows[6:7], DeliveryState.SENDING, DeliveryState.UNCERTAIN)
        Delivery.objects.filter(pk=rows[6].pk).update(was_uncertain=True)
        move(rows[7:8], DeliveryState.SUPPRESSED)
        row = row_of(wave)
    assert (row.n_invited, row.n_accepted, row.n_bounced) == (10, 4, 2)
    assert (row.n_uncertain, row.n_suppressed, row.n_waiting) == (1, 1, 2)


def test_a_confidential_total_moves_with_the_hour_not_with_the_answer(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=10)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        assert row_of(wave).is_hidden
        let_answer(wave, 3)
        refresh_totals(audience)
        assert row_of(wave).n_finished == 3
        let_answer(wave, 6)
        assert row_of(wave).n_finished == 3
        refresh_totals(audience)
        row = row_of(wave)
    assert (row.n_finished, row.lamp, row.rate) == (6, "ok", 0.6)


@pytest.mark.parametrize("mode", list(Mode))
def test_totals_of_fewer_than_five_invited_are_hidden(mode: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="managers")
        WaveAudience.objects.filter(pk=audience.pk).update(mode=mode)
        add_people(wave, "managers", 4)
        launch_wave(wave=wave, actor=owner_a)
        audience.refresh_from_db()
        let_answer(wave, 4)
        refresh_totals(audience)
        row = row_of(wave, "managers")
    assert (row.n_started, row.n_finished, row.rate, row.lamp) == (None, None, None, "no")
    assert row.n_reminded == 0
    assert row.n_invited == 4


def test_a_named_total_is_live(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        WaveAudience.objects.filter(wave=wave, audience="managers").update(mode=Mode.NAMED)
        add_people(wave, "managers", 6)
        launch_wave(wave=wave, actor=owner_a)
        assert row_of(wave, "managers").n_finished == 0
        let_answer(wave, 2)
        assert row_of(wave, "managers").n_finished == 2


def test_the_view_costs_the_same_for_every_size(owner_a: Member) -> None:
    counts = set()
    with practice_scope(owner_a.practice):
        for people in ({"customers": 1}, {"customers": 12, "managers": 6, "front_line": 8, "crm_team": 5}):
            wave = make_launched_wave(owner_a, **people)
            with CaptureQueriesContext(connection) as queries:
                selectors.field_view(wave)
            counts.add(len(queries))
    assert len(counts) == 1
