"""Answers are left out by rule with a reason on record; a change that would point at a few persons is refused."""

from typing import Any

import pytest
from django.test import Client

from diagnosis.exclusion import apply_rules
from diagnosis.frames import CARELESS, FEW_ANSWERS, pack_frames, read_frames, unpack_frames
from diagnosis.models import Diagnosis
from diagnosis.services import request_diagnosis
from practice.enums import Role
from practice.exceptions import InvalidInputError
from practice.models import AuditEntry, Member
from surveys.instruments import MISSING, load_builtin
from surveys.models import Response, Wave, WaveAudience
from tests.diagnosis.test_services import compute, make_wave
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db


def make_careless(wave: Wave, audience: str, n: int) -> None:
    row = WaveAudience.objects.get(wave=wave, audience=audience)
    keys = list(Response.objects.filter(wave_audience=row).values_list("pk", flat=True)[:n])
    Response.objects.filter(wave_audience=row).update(flags=[])
    Response.objects.filter(pk__in=keys).update(flags=["fast", "long_string"])


def used(diagnosis: Diagnosis, audience: str) -> int:
    return next(row["used"] for row in diagnosis.result["audiences"] if row["code"] == audience)


@pytest.fixture
def wave(owner_a: Member, scope_a: Any) -> Wave:
    return make_wave(make_engagement(owner_a))


def first(wave: Wave, owner: Member) -> Diagnosis:
    return compute(request_diagnosis(wave, owner))


def test_a_rule_switched_off_brings_the_answers_back_with_a_new_diagnosis(
    wave: Wave, owner_a: Member
) -> None:
    make_careless(wave, "customers", 8)
    before = first(wave, owner_a)
    after = compute(
        apply_rules(wave, rules=[FEW_ANSWERS], reason="Short visits are normal here", actor=owner_a)
    )
    assert (after.number, used(after, "customers")) == (before.number + 1, used(before, "customers") + 8)
    assert any("careless answers" in note for note in after.result["notes"])
    entry = AuditEntry.objects.get(verb="wave.rules_changed")
    assert "Short visits are normal here" in entry.object_label
    again = compute(apply_rules(wave, rules=[CARELESS, FEW_ANSWERS], reason="Back again", actor=owner_a))
    assert used(again, "customers") == used(before, "customers")


@pytest.mark.parametrize("n", [1, 4])
def test_a_change_that_points_at_a_few_is_refused_and_changes_nothing(
    n: int, wave: Wave, owner_a: Member
) -> None:
    make_careless(wave, "customers", n)
    first(wave, owner_a)
    with pytest.raises(InvalidInputError) as error:
        apply_rules(wave, rules=[FEW_ANSWERS], reason="x", actor=owner_a)
    assert list(error.value.fields) == ["rules"]
    wave.refresh_from_db()
    assert wave.rules_off == []
    assert Diagnosis.objects.count() == 1


def make_careless_with_few_answers_on(slot: str, wave: Wave, n: int, answered: int) -> None:
    make_careless(wave, "customers", n)
    place = load_builtin("die-crm").form_for("customers").slot_index[slot]
    flagged = Response.objects.filter(wave_audience__audience="customers", flags__len__gt=1).order_by("pk")
    for number, response in enumerate(flagged):
        scores = list(response.scores)
        scores[place] = 5 if number < answered else MISSING
        Response.objects.filter(pk=response.pk).update(scores=scores)


@pytest.mark.parametrize(("answered", "is_refused"), [(0, False), (3, True), (6, False)])
def test_every_single_figure_gains_nobody_or_five_at_least(
    answered: int, is_refused: bool, wave: Wave, owner_a: Member
) -> None:
    make_careless_with_few_answers_on("CE.R1.1", wave, 16, answered)
    first(wave, owner_a)
    if is_refused:
        with pytest.raises(InvalidInputError, match="Nothing was changed"):
            apply_rules(wave, rules=[FEW_ANSWERS], reason="x", actor=owner_a)
    else:
        apply_rules(wave, rules=[FEW_ANSWERS], reason="x", actor=owner_a)


def test_rules_are_never_swapped_between_diagnoses(wave: Wave, owner_a: Member) -> None:
    make_careless(wave, "customers", 12)
    first(wave, owner_a)
    compute(apply_rules(wave, rules=[FEW_ANSWERS], reason="x", actor=owner_a))
    with pytest.raises(InvalidInputError) as error:
        apply_rules(wave, rules=[CARELESS], reason="x", actor=owner_a)
    assert "before, or fewer" in error.value.fields["rules"]


def test_a_second_reading_shows_no_groups_and_the_first_rules_show_them_again(
    wave: Wave, owner_a: Member
) -> None:
    customers = Response.objects.filter(wave_audience__audience="customers")
    for number, key in enumerate(customers.values_list("pk", flat=True)):
        Response.objects.filter(pk=key).update(attributes={"region": "North" if number % 2 else "South"})
    make_careless(wave, "customers", 12)

    def shown(diagnosis: Diagnosis) -> list[bool]:
        return [row["n"] is not None for row in diagnosis.result["coverage"]["attributes"]]

    assert shown(first(wave, owner_a)) == [True, True]
    second = compute(apply_rules(wave, rules=[FEW_ANSWERS], reason="x", actor=owner_a))
    assert shown(second) == [False, False]
    again = compute(apply_rules(wave, rules=[CARELESS, FEW_ANSWERS], reason="x", actor=owner_a))
    assert shown(again) == [True, True]


def test_a_named_audience_may_differ_by_one(owner_a: Member, scope_a: Any) -> None:
    named = make_wave(make_engagement(owner_a), named="managers")
    make_careless(named, "managers", 1)
    before = first(named, owner_a)
    after = compute(apply_rules(named, rules=[FEW_ANSWERS], reason="Known person", actor=owner_a))
    assert used(after, "managers") == used(before, "managers") + 1


@pytest.mark.parametrize(
    ("rules", "reason", "field"),
    [(["all"], "x", "rules"), ([], "", "reason"), ([], " ", "reason"), ([], "x" * 301, "reason")],
)  # fmt: skip
def test_wrong_input_is_named(rules: list[str], reason: str, field: str, wave: Wave, owner_a: Member) -> None:
    with pytest.raises(InvalidInputError) as error:
        apply_rules(wave, rules=rules, reason=reason, actor=owner_a)
    assert list(error.value.fields) == [field]


def test_frames_of_a_rule_switched_off_survive_storage(wave: Wave) -> None:
    frames = read_frames(wave, [CARELESS])
    content, digest = pack_frames(frames)
    assert unpack_frames(content).rules_off == (CARELESS,)
    assert digest != pack_frames(read_frames(wave))[1]


def test_the_page_shows_the_rules_and_applies_them(wave: Wave, owner_a: Member) -> None:
    make_careless(wave, "customers", 8)
    first(wave, owner_a)
    browser = Client()
    browser.force_login(owner_a.user)
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/diagnosis/left-out/"
    page = browser.get(base).content.decode()
    assert "Left most open" in page
    assert browser.post(f"{base}apply/", {"rules": [FEW_ANSWERS], "reason": ""}).status_code == 422
    assert browser.post(f"{base}apply/", {"rules": [FEW_ANSWERS], "reason": "Why not"}).status_code == 302
    assert Diagnosis.objects.count() == 2
    analyst = make_member(owner_a, Role.ANALYST)
    browser.force_login(analyst.user)
    assert "Apply and compute anew" not in browser.get(base).content.decode()
    assert browser.post(f"{base}apply/", {"rules": [], "reason": "x"}).status_code == 403
