"""P08 over what is really rendered: groups of customers on pages, in workbook, API and document, all taken together.

The result object is audited where it is made. Here the audit starts from the other end: every table of every outlet is
read back, each row that shows a figure of a group publishes that group, and the union of all outlets must give no group
of one to four away. A view that showed what the result hides would fail.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from diagnosis import computing, services
from diagnosis.analysis.releases import Column, answered_mask
from diagnosis.analysis.scores import ScoreBook, score_states
from diagnosis.analysis.study import Study
from diagnosis.frames import unpack_frames
from diagnosis.models import Action, Diagnosis, Finding
from diagnosis.stats.row_space import is_any_small_group_solvable
from practice.models import Job, Member
from practice.scope import practice_scope
from practice.services import create_api_token
from reports.document import freeze_document
from reports.html import document_html
from surveys.disclosure import MIN_CUSTOMER_SUBGROUP
from surveys.instruments import load_builtin
from surveys.instruments.routing import OUTCOMES_FIRST, RATINGS_FIRST
from surveys.models import Response, Wave, WaveAudience
from surveys.settling import ORDER
from surveys.simulation import SAMPLE_TRUTH, draw_responses
from tests.factories.practice import make_engagement

pytestmark = pytest.mark.django_db

N = 130
OTHERS = {"managers": 8, "front_line": 15, "crm_team": 4}
NAMES = {
    "place": ("Aldhaven", "Birkholm", "Cedarby", "Dunmoor", "Elmstead"),
    "kind": ("Zeta", "Eta", "Theta"),
}
TIMES = ("early", "late")
FIGURE = re.compile(r"^[−+-]?\d[\d.,\s\u00a0\u202f]*%?$")
SPLITS = {"Late minus early": "answered", "Outcomes first minus ratings first": ORDER}
Published = dict[Column, set[tuple[str, str]]]
"""Groups with a figure by column: attribute and value."""


def draw_attributes(seed: int) -> list[dict[str, str]]:
    """Two attributes of random sizes, the second nearly the first, early and late, and both orders of pages."""
    draw = np.random.default_rng(seed)
    places = draw.choice(5, N, p=draw.dirichlet(np.full(5, 0.8)))
    kinds = np.where(draw.random(N) < 0.04, draw.integers(0, 3, N), places % 3)
    return [
        {
            "place": NAMES["place"][place],
            "kind": NAMES["kind"][kind],
            "answered": "late" if draw.random() < 0.4 else "early",
            ORDER: OUTCOMES_FIRST if draw.random() < 0.5 else RATINGS_FIRST,
        }
        for place, kind in zip(places, kinds, strict=True)
    ]


def computed(owner: Member, seed: int) -> Diagnosis:
    """A diagnosis of such answers, computed by the real job."""
    instrument = load_builtin("die-crm")
    wave = Wave.objects.create(
        engagement=make_engagement(owner),
        name="Wave 1",
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
    )
    for audience, n in {"customers": N, **OTHERS}.items():
        form = instrument.form_for(audience)
        row = WaveAudience.objects.create(wave=wave, audience=audience, form=form.code, state="released")
        kept = draw_attributes(seed) if audience == "customers" else [{}] * n
        Response.objects.bulk_create(
            Response(wave_audience=row, scores=one.scores, record={"choices": one.choices}, attributes=of)
            for one, of in zip(draw_responses(form, SAMPLE_TRUTH, n, seed), kept, strict=True)
        )
    diagnosis = services.request_diagnosis(wave, owner)
    job = Job.objects.get(object_id=diagnosis.pk)
    computing.compute_diagnosis(diagnosis.practice_id, job.pk)
    diagnosis.refresh_from_db()
    return diagnosis


class Tables(HTMLParser):
    """The tables of a page as rows of cell texts."""

    def __init__(self, html: str):
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.is_in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in {"td", "th"} and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self.is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.tables[-1][-1][-1] += data


def outlets(diagnosis: Diagnosis, owner: Member) -> Iterator[tuple[str, list[list[list[str]]]]]:
    """Every outlet that shows figures, as tables of texts."""
    client = Client()
    client.force_login(owner.user)
    where = {"slug": owner.practice.slug, "engagement_id": diagnosis.engagement_id}
    pages = [("diagnosis_detail", {}), ("findings", {}), ("left_out", {}), ("comments", {}), ("actions", {})]
    pages += [("gap_sheet", {"gap": gap["code"]}) for gap in diagnosis.result["gaps"]]
    for name, more in pages:
        answer = client.get(reverse(f"diagnosis:{name}", kwargs={**where, **more}))
        assert answer.status_code == 200
        yield f"page {name}", Tables(answer.content.decode()).tables
    workbook = client.get(reverse("diagnosis:diagnosis_tables", kwargs=where)).content
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    yield "workbook", [[[_text(c) for c in row] for row in sheet.values] for sheet in book]
    findings = list(Finding.objects.filter(diagnosis=diagnosis))
    actions = list(Action.objects.filter(diagnosis=diagnosis))
    for kind in ("diagnosis", "action_plan", "board"):
        html, _charts = document_html(
            freeze_document(kind, diagnosis, diagnosis.engagement, findings, actions)
        )
        yield f"document {kind}", Tables(html).tables


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:+.6f}"
    return "" if cell is None else str(cell)


def published_in(tables: list[list[list[str]]], codes: list[str]) -> Published:
    """Which groups the tables show a figure of, by column."""
    found: Published = defaultdict(set)
    attribute_of = {value: name for name, values in (NAMES | {"answered": TIMES}).items() for value in values}
    for table in tables:
        head = " | ".join(table[0]) if table else ""
        split = next((name for words, name in SPLITS.items() if words in head), None)
        for row in table:
            texts = [text.strip() for text in row]
            if not any(FIGURE.match(text) for text in texts):
                continue
            if split is not None:
                _note_split(found, split, texts, codes)
            for text in texts:
                value = text.rstrip(" †").rpartition(": ")[2]
                if value in attribute_of:
                    part = next((codes.index(one) for one in texts if one in codes), None)
                    # Rows of a dimension repeat how many belong to the group, which is no figure of that column.
                    size = texts.index(text) + 1 if part is not None else None
                    if any(FIGURE.match(one) for at, one in enumerate(texts) if at != size):
                        found["CP" if "E1" in texts else "CE", part].add((attribute_of[value], value))
    return found


def _note_split(found: Published, split: str, texts: list[str], codes: list[str]) -> None:
    dimension, state = texts[0].split()[0], texts[1].split()[0]
    if dimension in codes:
        values = TIMES if split == "answered" else (OUTCOMES_FIRST, RATINGS_FIRST)
        found[state, codes.index(dimension)] |= {(split, value) for value in values}


def published_by_api(result: dict[str, Any], codes: list[str]) -> Published:
    """The same of the API's answer."""
    found: Published = defaultdict(set)
    for group in result["coverage"]["attributes"]:
        name = (group["attribute"], group["value"])
        if group["n"] is not None or group["gap"]["estimate"] is not None:
            found["CE", None].add(name)
        if group["total"]["estimate"] is not None:
            found["CP", None].add(name)
        for code, gap in group["dimensions"].items():
            if gap["estimate"] is not None:
                found["CE", codes.index(code)].add(name)
    for key, split in (("early_late", "answered"), ("order_checks", ORDER)):
        checks = result[key] if isinstance(result[key], list) else [result[key]] if result[key] else []
        for check in checks:
            for row in check["rows"]:
                _note_split(found, split, [row["dimension"], row["state"]], codes)
    return found


def gives_away(published: Published, book: ScoreBook) -> list[Column]:
    """Columns in which the published groups and all who answered let one to four customers be computed."""
    frame = book.study.frame("customers")
    assert frame is not None
    columns = []
    for column, groups in published.items():
        answered = answered_mask(book, column)
        masks = [answered]
        for attribute, value in sorted(groups):
            members = {key.casefold(): mask for key, mask in frame.groups(attribute).items()}
            masks.append(members[value.casefold()] & answered)
        sizes = [int(mask.sum()) for mask in masks]
        if min(sizes) < MIN_CUSTOMER_SUBGROUP or is_any_small_group_solvable(masks):
            columns.append(column)
    return columns


@pytest.mark.parametrize("seed", [3, 8, 21])
def test_all_outlets_together_give_no_small_group_of_customers_away(seed: int, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = computed(owner_a, seed)
        assert diagnosis.snapshot is not None
        instrument = load_builtin("die-crm")
        book = score_states(Study(instrument, unpack_frames(bytes(diagnosis.snapshot.content)), 1))
        codes = [dimension.code for dimension in instrument.dimensions]
        _token, secret = create_api_token(
            member=owner_a, actor=owner_a, name="reader", scopes=["read:results"], days=1
        )
        read = {name: published_in(tables, codes) for name, tables in outlets(diagnosis, owner_a)}
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = api.get(f"/api/v1/diagnoses/{diagnosis.pk}/").json()
    read["api"] = published_by_api(answer["result"], codes)
    union: Published = defaultdict(set)
    for published in read.values():
        for column, groups in published.items():
            union[column] |= groups
    with practice_scope(owner_a.practice):
        assert gives_away(union, book) == []
        hidden = {(name, value) for name, values in NAMES.items() for value in values} - union["CE", None]
        for group in sorted(hidden & _present(book)):  # what the test would say of a view that shows it
            leaked: Published = {**union, ("CE", None): union["CE", None] | {group}}
            assert group not in read["api"]["CE", None]
            assert gives_away(leaked, book) == [("CE", None)] or _is_protecting(group, book)
    for outlet in ("workbook", "document diagnosis", "api"):
        assert read[outlet]["CE", None] == union["CE", None], outlet
    assert union["CE", None]
    assert any(
        ORDER in {name for name, _value in groups} for groups in read["page diagnosis_detail"].values()
    )


def _present(book: ScoreBook) -> set[tuple[str, str]]:
    frame = book.study.frame("customers")
    assert frame is not None
    return {(name, value) for name in NAMES for value in frame.groups(name)}


def _is_protecting(group: tuple[str, str], book: ScoreBook) -> bool:
    """Tell whether a group is large enough by itself: it is hidden to protect another one."""
    frame = book.study.frame("customers")
    assert frame is not None
    return int(frame.groups(group[0])[group[1]].sum()) >= MIN_CUSTOMER_SUBGROUP
