"""Launch writes everything once, whoever clicks how often; steering and dates do what they say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys import links
from surveys.enums import AudienceState, DeliveryState, Mode, Round
from surveys.mixer import kept_attributes
from surveys.models import Delivery, LedgerEntry, SurveyLink, Wave, WaveAudience
from surveys.services import field
from surveys.services.launch import launch_wave
from surveys.services.plan import update_plan
from surveys.services.waves import set_audience_mode
from tests.factories.practice import found_practice
from tests.factories.surveys import add_people, make_launched_wave, make_wave

pytestmark = pytest.mark.django_db


def test_launch_writes_link_ledger_and_one_delivery_per_round(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=7, managers=3)
        assert wave.launched_at is not None
        assert SurveyLink.objects.count() == LedgerEntry.objects.count() == 10
        assert Delivery.objects.filter(round=Round.INVITATION, state=DeliveryState.QUEUED).count() == 10
        assert Delivery.objects.filter(state=DeliveryState.PLANNED).count() == 20
        states = dict(WaveAudience.objects.values_list("audience", "state"))
        assert states["customers"] == states["managers"] == AudienceState.OPEN
        assert states["front_line"] == AudienceState.DRAFT
        audience = WaveAudience.objects.get(audience="customers")
        person = audience.recipients.first()
        token = links.token_for(audience, person)
        assert bytes(SurveyLink.objects.get(recipient=person).digest) == links.digest_of(token)
        assert AuditEntry.objects.filter(verb="wave.launched").count() == 1


def test_launch_without_people_is_refused(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        with pytest.raises(WrongStateError, match="Nobody"):
            launch_wave(wave=wave, actor=owner_a)


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ({"subject": "Hi", "body": "Hello {nmae}, {link}"}, "{nmae}"),
        ({"subject": "Hi", "body": "Hello {name}"}, "{link}"),
        ({"subject": "Hi\nBcc: x@example.org", "body": "{link}"}, "one line"),
    ],
)
def test_unsendable_texts_are_refused_before_anything_is_written(
    own: dict[str, str], complaint: str, owner_a: Member
) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 6)
        wave.plan = {**wave.plan, "mails": {"customers": {"invitation": {"en": own}}}}
        wave.save()
        with pytest.raises(InvalidInputError) as error:
            launch_wave(wave=wave, actor=owner_a)
        assert "mails.customers.invitation.en" in error.value.fields
        assert complaint in error.value.fields["mails.customers.invitation.en"]
        assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_launches_write_one_set() -> None:
    owner = found_practice("Parallel")
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        add_people(wave, "customers", 20)

    def click(_number: int) -> object:
        try:
            with practice_scope(owner.practice_id):
                return launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner).launched_at
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(click, range(20)))
    assert len(answers) == 1
    with practice_scope(owner.practice):
        assert Delivery.objects.count() == 60
        assert SurveyLink.objects.count() == 20
        assert AuditEntry.objects.filter(verb="wave.launched").count() == 1


def test_kept_attributes_hold_five_in_every_joint_cell(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        for region, value in (("North", "A"), ("North", "B"), ("South", "A")):
            add_people(wave, "customers", 5, region=region, value_class=value)
        launch_wave(wave=wave, actor=owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        cells: dict[tuple[str, ...], int] = {}
        for person in audience.recipients.all():
            cell = tuple(person.attributes[name] for name in audience.kept_attributes)
            cells[cell] = cells.get(cell, 0) + 1
        assert audience.kept_attributes
        assert min(cells.values()) >= 5


def test_roster_edited_after_launch_cannot_mark_an_answer(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 6, region="North")
        add_people(wave, "customers", 6, region="South")
        launch_wave(wave=wave, actor=owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        person = audience.recipients.first()
        assert kept_attributes(audience, person) in ({"region": "North"}, {"region": "South"})
        person.attributes = {"region": "only me"}
        assert kept_attributes(audience, person) == {}


ACTS = {
    "save": lambda audience, name, _value: audience.save(update_fields=[name]),
    "update": lambda audience, name, value: WaveAudience.objects.filter(pk=audience.pk).update(
        **{name: value}
    ),
    "bulk update": lambda audience, name, _value: WaveAudience.objects.bulk_update([audience], [name]),
    "save all": lambda audience, _name, _value: audience.save(),
}
FIXED = {
    "mode": Mode.NAMED,
    "kept_attributes": ["region", "name"],
    "attribute_plan": {"dropped": []},
    "state": AudienceState.DRAFT,
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", FIXED)
def test_promises_of_a_launched_audience_are_fixed_by_the_database(
    name: str, act: str, owner_a: Member
) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        setattr(audience, name, FIXED[name])
        with pytest.raises(IntegrityError, match="fixed"), transaction.atomic():
            ACTS[act](audience, name, FIXED[name])


def test_mode_cannot_be_changed_by_service_page_or_statement_after_launch(owner_a: Member) -> None:
    client = Client()
    client.force_login(owner_a.user)
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        with pytest.raises(WrongStateError):
            set_audience_mode(audience, mode=Mode.NAMED, actor=owner_a)
        with (
            pytest.raises(IntegrityError, match="fixed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE surveys_waveaudience SET mode = 'named' WHERE audience = 'customers'")
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/launch/"
    client.post(f"{base}{audience.pk}/mode/", {"mode": "named"})
    with practice_scope(owner_a.practice):
        audience.refresh_from_db()
    assert audience.mode == Mode.CONFIDENTIAL


@pytest.mark.parametrize("audience", ["front_line", "crm_team"])
def test_staff_are_never_named(audience: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        row = WaveAudience.objects.get(wave=make_wave(owner_a), audience=audience)
        with pytest.raises(InvalidInputError):
            set_audience_mode(row, mode=Mode.NAMED, actor=owner_a)


@pytest.mark.parametrize(("days", "close"), [([0], 14), ([15], 14), ([1, 2, 3, 4], 14), ([4], 0), ([4], 500)])
def test_impossible_plans_are_refused(days: list[int], close: int, owner_a: Member) -> None:
    with practice_scope(owner_a.practice), pytest.raises(InvalidInputError):
        update_plan(make_wave(owner_a), reminder_days=days, close_days=close, actor=owner_a)


def test_pause_resume_extend_close(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        assert field.pause_audience(audience, actor=owner_a).state == AudienceState.PAUSED
        assert field.resume_audience(audience, actor=owner_a).state == AudienceState.OPEN
        later = timezone.now() + timedelta(days=30)
        assert field.extend_audience(audience, closes_at=later, actor=owner_a).closes_at == later
        with pytest.raises(InvalidInputError):
            field.extend_audience(audience, closes_at=timezone.now(), actor=owner_a)
        assert field.close_audience(audience, actor=owner_a).state == AudienceState.CLOSED
        assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.CANCELLED}
        assert field.close_audience(audience, actor=owner_a).state == AudienceState.CLOSED
        with pytest.raises(WrongStateError):
            field.extend_audience(audience, closes_at=later, actor=owner_a)


def test_dates_open_and_close_audiences(owner_a: Member) -> None:
    now = timezone.now()
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 6)
        launch_wave(
            wave=wave, actor=owner_a, opens_at=now + timedelta(hours=1), closes_at=now + timedelta(days=2)
        )
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        assert audience.state == AudienceState.SCHEDULED
        WaveAudience.objects.filter(pk=audience.pk).update(opens_at=now)
        field.advance_audience(audience.pk)
        audience.refresh_from_db()
        assert audience.state == AudienceState.OPEN
        WaveAudience.objects.filter(pk=audience.pk).update(closes_at=now)
        field.advance_audience(audience.pk)
        audience.refresh_from_db()
        assert audience.state == AudienceState.CLOSED
