"""What stays with the answers: merging, leaving out, joint cells of five, and the page that shows it before launch."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys import attributes
from surveys.models import Wave, WaveAudience
from surveys.services.attributes import merge_attributes, preview_attributes, set_attributes
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave

TEAMS = st.lists(st.sampled_from(["A", "B", "C", "D", "E", ""]), min_size=1, max_size=120)
YEARS = st.lists(st.integers(1, 40).map(str), min_size=1, max_size=200)


@given(TEAMS)
def test_merged_values_are_shared_by_five_or_by_all(values: list[str]) -> None:
    counts = Counter(values)
    shown = attributes.merge_small(counts, "Other")
    merged = Counter(shown.get(value, value) for value in values if value)
    assert all(n >= 5 for n in merged.values()) or len(merged) <= 1
    assert sum(merged.values()) == sum(n for value, n in counts.items() if value)


@given(YEARS)
def test_numbers_become_bands_in_order(values: list[str]) -> None:
    counts = Counter(values)
    shown = attributes.merge_small(counts, "Other")
    merged = Counter(shown.get(value, value) for value in values)
    assert all(n >= 5 for n in merged.values()) or len(merged) <= 1
    if len(counts) > attributes.FEW_VALUES:
        assert len(merged) <= 4
        ordered = [shown.get(value, value) for value in sorted(counts, key=int)]
        assert len({*ordered}) == 1 + sum(a != b for a, b in pairwise(ordered))


def test_plan_leaves_out_merges_and_knows_only_launched_values() -> None:
    person = {"team": "North 1", "age": "61", "site": "Bern"}
    plan: dict[str, Any] = {
        "dropped": ["age"],
        "shown_as": {"team": {"North 1": "North"}, "site": {"Bern": ""}},
    }
    assert attributes.reduce_attributes(person, plan) == {"team": "North"}
    assert attributes.reduce_attributes(person, {**plan, "values": {"team": ["South"]}}) == {}


@pytest.fixture
def wave(owner_a: Member, scope_a: Any) -> Wave:
    """A draft whose customers have two attributes that together leave a group of two."""
    wave = make_wave(owner_a)
    for team, site, n in (("N1", "Bern", 6), ("N2", "Bern", 6), ("S", "Bern", 8), ("S", "Basel", 2)):
        add_people(wave, "customers", n, team=team, site=site)
    return wave


def customers(wave: Wave) -> WaveAudience:
    """The audience as it is now."""
    return WaveAudience.objects.get(wave=wave, audience="customers")


@pytest.mark.django_db
def test_preview_says_what_a_launch_keeps_and_why_not_the_rest(wave: Wave, owner_a: Member) -> None:
    preview = preview_attributes(customers(wave))
    site, team = preview.attributes
    assert (site.is_kept, site.smallest) == (False, 2)
    assert (team.is_kept, team.smallest, preview.kept) == (True, None, ("team",))
    assert preview.cells == ((("N1",), 6), (("N2",), 6), (("S",), 10))
    launch_wave(wave=wave, actor=owner_a)
    launched = customers(wave)
    assert launched.kept_attributes == list(preview.kept)
    assert launched.attribute_plan["values"] == {"team": ["N1", "N2", "S"]}


@pytest.mark.django_db
def test_merging_keeps_more_and_is_fixed_by_the_launch(wave: Wave, owner_a: Member) -> None:
    set_attributes(
        customers(wave),
        used=["team"],
        shown_as={"team": {"N1": "North", "N2": " North "}, "unknown": {"x": "y"}},
        actor=owner_a,
    )
    preview = preview_attributes(customers(wave))
    assert preview.cells == ((("S",), 10), (("North",), 12))
    assert customers(wave).attribute_plan == {
        "dropped": ["site"],
        "shown_as": {"team": {"N1": "North", "N2": "North"}},
    }
    assert AuditEntry.objects.filter(verb="audience.attributes_set").count() == 1
    launch_wave(wave=wave, actor=owner_a)
    with pytest.raises(WrongStateError):
        set_attributes(customers(wave), used=[], shown_as={}, actor=owner_a)
    with pytest.raises(WrongStateError):
        merge_attributes(customers(wave), actor=owner_a)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x" * 101, "a\x00b", "a\u202eb"])
def test_values_that_cannot_be_shown_are_refused(wave: Wave, owner_a: Member, text: str) -> None:
    with pytest.raises(InvalidInputError):
        set_attributes(customers(wave), used=["team"], shown_as={"team": {"N1": text}}, actor=owner_a)
    assert customers(wave).attribute_plan == {}


@pytest.mark.django_db
def test_page_shows_the_groups_merges_and_warns_at_launch(wave: Wave, owner_a: Member) -> None:
    client = Client()
    client.force_login(owner_a.user)
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/launch/"
    html = client.get(f"{base}groups/").content.decode()
    assert "not kept: the smallest group would be 2" in html
    assert "Kept with the answers: team. That makes 3 groups" in html
    assert "site would leave groups under five" in client.get(base).content.decode()
    with practice_scope(owner_a.practice):
        audience = customers(wave)
    url = f"{base}groups/{audience.pk}/"
    assert (
        client.post(url, {"use": ["team", "site"], "as.1.0": "North", "as.1.1": "North"}).status_code == 302
    )
    with practice_scope(owner_a.practice):
        assert customers(wave).attribute_plan["shown_as"] == {"team": {"N1": "North", "N2": "North"}}
    assert client.post(url, {"merge": "1"}).status_code == 302
    with practice_scope(owner_a.practice):
        assert customers(wave).attribute_plan["shown_as"]["site"] == {"Basel": "Other", "Bern": "Other"}
    assert client.post(url, {"use": ["team"], "as.1.0": "x" * 101}, follow=True).status_code == 200
