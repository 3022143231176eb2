"""What holds for every chart: well-formed, complete, safe, inside its frame, the same each time, and fast."""

import re
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import charts as c
from charts.text import text_width
from charts.theme import ROLES, Theme
from tests.charts import samples

SVG = "{http://www.w3.org/2000/svg}"
LONG = "Kundendatenschutzgrundverordnungsbeauftragtenbesprechung "
WORDS = {
    "plain": str,
    "german": lambda text: LONG + text + " " + LONG,
    "chinese": lambda text: "客户关系管理差距分析与组织准备度" * 4 + text,
    "greek": lambda text: "Διαχείριση πελατειακών σχέσεων και προσδοκιών " * 2 + text,
    "hostile": lambda text: f'<script>alert("{text}")</script>&\x00\x0b\ud800',
    "empty": lambda _text: "",
}
THEMES = [c.PAPER, c.SCREEN]
NAMES = [sample.name for sample in samples.all_samples()]


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own drawings


def drawn(name: str, theme: Theme, word: str = "plain") -> str:
    found = next(sample for sample in samples.all_samples(WORDS[word]) if sample.name == name)
    return found(theme)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in parse(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", NAMES)
def test_chart_is_well_formed_and_free_of_nonsense(name: str, word: str, theme: Theme) -> None:
    svg = drawn(name, theme, word)
    root = parse(svg)
    assert root.tag == f"{SVG}svg"
    assert not re.search(r"\b(nan|inf|None|True|False)\b", svg)
    assert "<script" not in svg
    assert " style=" not in svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert all(identity == "x" or identity.startswith("x-") for identity in ids)


@pytest.mark.parametrize("sample", samples.all_samples(), ids=lambda sample: sample.name)
def test_chart_contains_its_figures(sample: samples.Sample) -> None:
    written = texts(sample(c.PAPER))
    for figure in sample.figures:
        assert any(figure in text for text in written), figure


@pytest.mark.parametrize("word", ["plain", "german", "chinese", "greek"])
@pytest.mark.parametrize("name", NAMES)
def test_no_label_leaves_the_frame(name: str, word: str) -> None:
    root = parse(drawn(name, c.PAPER, word))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for group in root.findall(f"{SVG}g"):  # vertical texts
        if group.get("transform"):
            root.remove(group)
    for node in root.iter(f"{SVG}text"):
        x, y, size = (float(node.get(key, "0")) for key in ("x", "y", "font-size"))
        length = text_width(node.text or "", size, bold=node.get("font-weight") == "600")
        start = x - {"middle": length / 2, "end": length}.get(node.get("text-anchor", ""), 0)
        assert start > -2, node.text
        assert start + length < width + 2, node.text
        assert size * 0.6 < y < height, node.text


@pytest.mark.parametrize("name", NAMES)
def test_labels_do_not_cover_each_other(name: str) -> None:
    boxes = []
    for node in parse(drawn(name, c.PAPER)).iter(f"{SVG}text"):
        x, y, size = (float(node.get(key, "0")) for key in ("x", "y", "font-size"))
        length = text_width(node.text or "", size, bold=node.get("font-weight") == "600")
        start = x - {"middle": length / 2, "end": length}.get(node.get("text-anchor", ""), 0)
        boxes.append((start, y - size * 0.7, start + length, y, node.text))
    for index, (x1, y1, x2, y2, text) in enumerate(boxes):
        for a1, b1, a2, b2, other in boxes[index + 1 :]:
            overlaps = min(x2, a2) - max(x1, a1) > 1.5 and min(y2, b2) - max(y1, b1) > 1.5
            assert not overlaps, (text, other)


@pytest.mark.parametrize("name", NAMES)
def test_screen_uses_known_classes_only(name: str) -> None:
    sheet = (Path(c.__file__).parent / "screen.css").read_text(encoding="utf-8")
    svg = drawn(name, c.SCREEN)
    assert not re.search(r'(fill|stroke)="#', svg)
    for names in re.findall(r' class="([^"]+)"', svg):
        for one in names.split():
            assert f".{one} " in sheet or one.startswith("chart-"), one


def test_style_sheet_has_every_role() -> None:
    sheet = (Path(c.__file__).parent / "screen.css").read_text(encoding="utf-8")
    for role in ROLES:
        assert f".cf-{role} {{" in sheet
        assert f".cs-{role} {{" in sheet


@pytest.mark.parametrize("name", NAMES)
def test_chart_is_the_same_each_time_and_fast(name: str) -> None:
    sample = next(one for one in samples.all_samples() if one.name == name)
    first = sample(c.PAPER)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        again = sample(c.PAPER)
        times.append(time.perf_counter() - start)
    assert again == first
    assert min(times) < 0.002


@pytest.mark.parametrize("name", NAMES)
def test_chart_names_itself_for_screen_readers(name: str) -> None:
    root = parse(drawn(name, c.SCREEN))
    linked = root.find(f".//{SVG}a") is not None
    assert root.get("role") == ("group" if linked else "img")
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text
    assert title.get("id") in (root.get("aria-labelledby") or "").split()
    assert parse(drawn(name, c.PAPER)).find(f".//{SVG}a") is None


@pytest.mark.parametrize("value", [0.0, -0.0, 0.004, 99.0, -99.0, float("nan"), float("inf"), None])
def test_extreme_gaps_can_be_drawn(value: float | None) -> None:
    edges = samples.gap_map()
    edges = replace(edges, edges=tuple(replace(edge, value=value) for edge in edges.edges))
    for svg in (
        c.gap_map(edges, theme=c.PAPER, uid="a"),
        c.waterfall(samples.waterfall(value=value), theme=c.PAPER, uid="b"),
    ):
        parse(svg)
        assert not re.search(r"\b(nan|inf)\b", svg)


def test_everything_hidden_shows_locks_and_reasons() -> None:
    svg = c.gap_map(samples.gap_map(hidden=True), theme=c.PAPER, uid="a")
    assert texts(svg).count("fewer than 5") >= 7
    assert "−1.32" not in svg
    assert "5.95" not in svg


def test_empty_charts_can_be_drawn() -> None:
    for svg in (
        c.dumbbells(c.Dumbbells("t", "", ()), theme=c.PAPER, uid="a"),
        c.heat_grid(c.HeatGrid("t", "", (), ()), theme=c.PAPER, uid="a"),
        c.coherence_map(c.CoherenceMap("t", "", (), ()), theme=c.PAPER, uid="a"),
        c.funnel(c.Funnel("t", "", ()), theme=c.PAPER, uid="a"),
        c.pillars(c.Pillars("t", "", ()), theme=c.PAPER, uid="a"),
        c.staircase(c.Staircase("t", "", (), ()), theme=c.PAPER, uid="a"),
        c.cover_staircase(c.CoverStaircase("t", ()), theme=c.PAPER, uid="a"),
        c.effort_impact(samples.effort_impact(n_actions=0), theme=c.PAPER, uid="a"),
        c.dumbbells(samples.dumbbells(n_rows=12), theme=c.PAPER, uid="a", width=320),
    ):
        parse(svg)


def test_matrix_holds_many_actions_without_overlap() -> None:
    svg = c.effort_impact(samples.effort_impact(n_actions=60), theme=c.PAPER, uid="a")
    places = [(n.get("x"), n.get("y")) for n in parse(svg).iter(f"{SVG}text") if (n.text or "")[0] == "A"]
    assert len(places) == len(set(places)) == 60


def test_unsafe_ids_links_and_colours_are_refused() -> None:
    with pytest.raises(c.ChartError):
        c.progress_bar(1, 2, theme=c.PAPER, uid='x" onload="', label="x")
    edges = samples.gap_map()
    bad = replace(edges, edges=(replace(edges.edges[0], href="javascript:alert(1)"),))
    with pytest.raises(c.ChartError):
        c.gap_map(bad, theme=c.SCREEN, uid="a")
    with pytest.raises(c.ChartError):
        c.PAPER.branded(accent='#fff" x="')


def test_inline_bars_keep_their_size() -> None:
    svg = c.level_bar(33, theme=c.SCREEN, uid="a", label="33 of 100")
    assert 'width="64" height="6"' in svg.split(">")[0]
    assert 'aria-hidden="true"' in c.level_bar(None, theme=c.SCREEN, uid="a")
    assert "aria-labelledby" in c.progress_bar(0, 0, theme=c.SCREEN, uid="a", label="0 of 0")
