"""Every broken instrument gives a message that begins with the path of what is wrong."""

import copy
from collections.abc import Callable
from typing import Any, get_args

import pytest

from surveys.instruments import InstrumentError, load_builtin, parse_instrument, parse_yaml
from surveys.instruments.definition import Role

Content = dict[str, Any]
Change = Callable[[Content], object]
ONE_OF = "expected a mapping with one of"


@pytest.fixture
def content() -> Content:
    return copy.deepcopy(load_builtin("die-crm").as_dict())


def problems_after(content: Content, change: Change) -> tuple[str, ...]:
    change(content)
    with pytest.raises(InstrumentError) as caught:
        parse_instrument(content, "broken")
    assert str(caught.value).startswith("broken: ")
    return caught.value.problems


BROKEN: dict[str, tuple[Change, str]] = {
    "version": (lambda c: c.pop("version"), "version: is missing"),
    "unknown key": (lambda c: c.update(extra=1), "extra: is not known here"),
    "empty title": (lambda c: c.update(title=" "), "title: must not be empty"),
    "number as version": (lambda c: c.update(version=1.0), "version: expected a text, found 1.0"),
    "pairing": (
        lambda c: c.update(pairing="pairs"),
        "pairing: expected one of item, dimension; found 'pairs'",
    ),
    "list": (lambda c: c.update(gaps={}), "gaps: expected a list, found {}"),
    "mapping": (lambda c: c.update(scales=[]), "scales: expected a mapping, found []"),
    "nothing": (lambda c: c.update(waterfall=None), "waterfall: expected a mapping, found nothing"),
    "bool as number": (
        lambda c: c["scales"]["level"].update(low=True),
        "scales.level.low: expected a whole number, found True",
    ),
    "low above high": (
        lambda c: c["scales"]["level"].update(low=8),
        "scales.level: low (8) must be below high (7)",
    ),
    "labels": (
        lambda c: c["scales"]["level"].update(labels=["a"]),
        "scales.level.labels: 1 labels for 7 points",
    ),
    "huge scale": (
        lambda c: c["scales"]["share"].update(high=99999),
        "scales.share: values must lie between -30000 and 30000",
    ),
    "level scale": (lambda c: c.update(level_scale="x"), "level_scale: there is no scale x"),
    "state scale": (
        lambda c: c["states"][0].update(scale="share"),
        "states[CE].scale: all states share the scale level, not share",
    ),
    "state audience": (
        lambda c: c["states"][0].update(audiences=["guests"]),
        "states[CE].audiences: there is no audience guests",
    ),
    "role": (
        lambda c: c["states"][0].update(role="hope"),
        f"states[CE].role: expected one of {', '.join(get_args(Role))}; found 'hope'",
    ),
    "parallel wording": (
        lambda c: c["dimensions"][0]["items"][0]["wordings"].pop("staff"),
        "dimensions[R1].items[R1.1].wordings.staff: is missing; every form must stay parallel",
    ),
    "unknown wording": (
        lambda c: c["dimensions"][0]["items"][0]["wordings"].update(guest="x"),
        "dimensions[R1].items[R1.1].wordings.guest: is not known here, use customer or staff",
    ),
    "mark": (
        lambda c: c["dimensions"][0]["items"][0].update(mark=3),
        "dimensions[R1].items[R1.1].mark: must be 0, 1 or 2, not 3",
    ),
    "dimension twice": (
        lambda c: c["dimensions"][1].update(code="R1"),
        "dimensions, factors and blocks: the code R1 is used 2 times",
    ),
    "item twice": (
        lambda c: c["dimensions"][1]["items"][0].update(code="R1.1"),
        "items: the code R1.1 is used 2 times",
    ),
    "bad code": (
        lambda c: c["dimensions"][1].update(code="R 2"),
        "dimensions, factors and blocks: the code 'R 2' must be letters, digits and single . _ - between them",
    ),
    "kept state code": (
        lambda c: c["states"][9].update(code="RA"),
        "states[RA].code: RA is kept for readiness",
    ),
    "placeholder": (
        lambda c: c["states"][1].update(stem="What does {firm} do?"),
        "states[CP].stem: the only placeholders are {company} and {attribute:name|words without it}",
    ),
    "gap state": (lambda c: c["gaps"][0].update(later="XX"), "gaps[D1].later: there is no state XX"),
    "gap with itself": (
        lambda c: c["gaps"][0].update(later="CE"),
        "gaps[D1]: later and earlier are the same",
    ),
    "gap audience": (
        lambda c: c["gaps"][6].update(later="bosses"),
        "gaps[I3].later: there is no audience bosses",
    ),
    "gap pillars": (
        lambda c: c["gaps"][5].update(pillars=["RT"]),
        "gaps[I2].pillars: a coherence gap compares at least two pillars",
    ),
    "gap limits": (lambda c: c["gaps"][3].pop("limits"), "gaps[D4].limits.tolerance: is missing"),
    "waterfall step": (
        lambda c: c["waterfall"].update(steps=["D1", "I1", "E4"]),
        "waterfall.steps: I1 starts at DS, the step before ends at ME",
    ),
    "waterfall end": (
        lambda c: c["waterfall"].update(steps=["D1", "D2", "I1"]),
        "waterfall.steps: the last step ends at FD, not at CP",
    ),
    "waterfall total": (
        lambda c: c["waterfall"].update(total="E3"),
        "waterfall.total: E3 does not lead from CE to CP",
    ),
    "waterfall kind": (
        lambda c: c["waterfall"].update(steps=["I2"]),
        "waterfall: I2 must be gaps of the kind difference",
    ),
    "pattern gap": (
        lambda c: c["patterns"][0].update(conditions=[{"gap": "Q1", "is": "<0"}]),
        "patterns[not-listening].conditions.gap: there is no such code: Q1",
    ),
    "pattern relation": (
        lambda c: c["patterns"][0].update(conditions=[{"gap": "E1", "is": "big"}]),
        "patterns[not-listening].conditions.gap.is: expected <0, >0, ~0, >=0; found big",
    ),
    "pattern largest": (
        lambda c: c["patterns"][0].update(conditions=[{"largest": "E3"}]),
        "patterns[not-listening].conditions.largest: there is no such code: E3",
    ),
    "pattern condition": (
        lambda c: c["patterns"][0].update(conditions=[{"mean": "E1"}]),
        f"patterns[not-listening].conditions[0]: {ONE_OF} gap, largest, pillars, segments; found {{'mean': 'E1'}}",
    ),
    "block scale": (
        lambda c: c["blocks"][0].update(scale="none"),
        "blocks[F1].scale: there is no scale none",
    ),
    "block options": (
        lambda c: c["blocks"][1].pop("options"),
        "blocks[F2].options: give options or options_from",
    ),
    "multi": (lambda c: c["blocks"][9].pop("max_choices"), "blocks[Y8].max_choices: must be at least 1"),
    "form audience": (
        lambda c: c["forms"][0].update(audience="guests"),
        "forms[customers-standard].audience: there is no audience guests",
    ),
    "no default form": (
        lambda c: c["forms"][0].pop("default"),
        "audiences[customers]: needs exactly one default form, has 0",
    ),
    "state of others": (
        lambda c: c["forms"][0]["sections"][0].update(states=["CE", "FD"]),
        "forms[customers-standard].sections[0].states: FD is not asked of customers",
    ),
    "wording of others": (
        lambda c: c["forms"][0]["sections"][1]["blocks"].append("S1"),
        "forms[customers-standard].sections[1]: S1.1 has no wording for customer",
    ),
    "asked twice": (
        lambda c: c["forms"][0]["sections"][2]["blocks"].append("F1"),
        "forms[customers-standard]: asks F1 more than once",
    ),
    "section without key": (
        lambda c: c["forms"][0]["sections"][1].pop("key"),
        "forms[customers-standard].sections[1]: a page of blocks needs a key, a title and blocks",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_problem_is_named_with_its_path(content: Content, name: str) -> None:
    change, expected = BROKEN[name]
    assert expected in problems_after(content, change)


def test_all_problems_are_listed_at_once(content: Content) -> None:
    def change(broken: Content) -> None:
        broken["states"][0].pop("stem")
        broken["gaps"][2]["hurts"] = "sometimes"
        broken["dimensions"][3]["items"][1]["mark"] = "high"

    assert problems_after(content, change) == (
        "states[CE].stem: is missing",
        "dimensions[R4].items[R4.2].mark: expected a whole number, found 'high'",
        "gaps[D3].hurts: expected one of negative, positive, both; found 'sometimes'",
    )


@pytest.mark.parametrize("junk", [{}, [], None, "text", 7])
def test_junk_is_refused(junk: Any) -> None:
    with pytest.raises(InstrumentError):
        parse_instrument(junk)


def test_empty_parts_survive_the_round_trip(content: Content) -> None:
    content["patterns"] = []
    instrument = parse_instrument(content)
    assert parse_instrument(instrument.as_dict()) == instrument


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", "the key 'a' is given twice"),
        ("- 1\n", "the file: expected a mapping"),
        ("a: [1\n", "while parsing a flow sequence"),
        ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
    ],
)
def test_bad_yaml_is_named(text: str, expected: str) -> None:
    with pytest.raises(InstrumentError, match=r"part\.yaml: 1 problem") as caught:
        parse_yaml(text, "part.yaml")
    assert expected in str(caught.value)
