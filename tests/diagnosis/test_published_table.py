"""From a published table: columns by their names, every bad cell named, figures and contradictions on the page."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from diagnosis.published_figures import published_context
from diagnosis.published_table import MOST_ROWS, guess_columns, read_published_table
from practice.exceptions import InvalidInputError
from practice.models import AuditEntry, Engagement, Member, Practice
from practice.scope import practice_scope
from tests.factories.practice import make_engagement

PAIRS = """dimension,n,mean_expectation,sd_expectation,mean_perception,sd_perception,gap,ci_low,ci_high,t,p
Warmth,120,5.10,0.80,4.60,0.90,-0.50,-0.66,-0.34,-6.10,<0.001
Speed,120,5.30,0.85,4.90,0.95,-0.40,-0.57,-0.23,-6.10,<0.001
"""


def context_of(
    text: str, *, n: int | None = None, scale: tuple[float, float] | None = None
) -> dict[str, Any]:
    return published_context(read_published_table(text.encode(), n=n), scale=scale)


def test_a_printed_t_that_was_copied_is_named() -> None:
    found = context_of(PAIRS, scale=(1, 7))
    assert [row["gap"] for row in found["rows"]] == pytest.approx([-0.5, -0.4])
    (flaw,) = found["flaws"]
    assert (flaw["row"], flaw["column"]) == ("Speed", "t")
    assert "“Speed”, column “t”: printed is −6.10; by" in flaw["text"]
    assert [row["is_flawed"] for row in found["rows"]] == [False, True]
    assert "row “Warmth”" in flaw["text"]


def test_every_row_says_where_its_spread_comes_from_or_why_there_is_no_test() -> None:
    lines = (
        "a;50;4,1;5,2;1,0;1,1;",
        "b;50;4,0;5,0;;;-3,2",
        "c;;4,0;5,0;1;1;",
        "d;50;4,0;5,0;;;",
        "e;50;4,0;;;;",
    )
    text = "\n".join(["item;n;P;E;sd_p;sd_e;t", *lines])
    rows = context_of(text)["rows"]
    assert "uncorrelated" in str(rows[0]["basis"])
    assert str(rows[1]["basis"]) == "printed t"
    assert rows[0]["gap"] == pytest.approx(-1.1)
    assert "number of persons" in rows[2]["reason"]
    assert "needs the SDs" in rows[3]["reason"]
    assert "no gap" in rows[4]["reason"]
    assert context_of(text, n=40)["rows"][2]["reason"] == ""
    flat = context_of("item,n,gap,sd_gap\na,9,-1,0\n")["rows"][0]
    assert "no spread" in flat["reason"]
    assert flat["gap"] == -1


def test_two_groups_are_compared_by_welch() -> None:
    lines = ("a,40,5.0,1.0,60,4.5,1.2,0.9", "b,40,5.0,1.0,60,4.9,1.2,0.65", "c,40,5.0,,60,4.5,1.2,")
    text = "\n".join(["measure,n1,mean1,sd1,n2,mean2,sd2,p", *lines])
    found = context_of(text)
    assert found["is_groups"]
    assert found["rows"][0]["t"] == pytest.approx(0.5 / (1 / 40 + 1.44 / 60) ** 0.5)
    assert [(flaw["row"], flaw["column"]) for flaw in found["flaws"]] == [("a", "p_value")]
    assert found["rows"][2]["reason"]
    assert found["rows"][2]["gap"] == pytest.approx(0.5)


def test_items_make_dimensions_and_minimum_makes_a_zone() -> None:
    text = "dimension,item,minimum,desired,perceived\nA,1,4,6,5\nA,2,4,7,5\nB,3,5,5,4\n"
    found = context_of(text)
    assert [row["gap"] for row in found["items"]] == pytest.approx([-1.5, -1.0, -4 / 3])
    assert [row["position"] for row in found["zone"]] == [0.5, pytest.approx(1 / 3), None]
    assert context_of(PAIRS)["items"] == []


def test_a_mean_that_whole_answers_cannot_give_is_named() -> None:
    (flaw,) = context_of("name,n,items,mean_p,mean_e\nA,12,1,3.45,5.00\n")["flaws"]
    assert "3.417 or 3.500" in flaw["text"]


def test_bad_cells_are_named_by_row_and_column() -> None:
    table = read_published_table(b"dimension,n,mean_p,mean_e,sd_p\nA,many,4.5,5,1\n\nB,20,high,5,-1\n")
    named = [(cell.row, cell.column, cell.cell) for cell in table.problems]
    assert named == [(2, "n", "many"), (4, "mean_p", "high"), (4, "sd_p", "-1")]
    assert [row.number for row in table.rows] == [2, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"dimension,n\nA,3\n", "columns for both means"),
        (b"dimension,gap\n", "no rows"),
        (b"dimension,gap\n" + b"A,1\n" * (MOST_ROWS + 1), "more than"),
        (b"gap,gap\n1,2\n", "same name"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_published_table(content)


def test_p_is_perception_beside_e_and_probability_alone() -> None:
    assert guess_columns(["item", "P", "E"]) == {"name": 0, "mean_later": 1, "mean_earlier": 2}
    assert guess_columns(["name", "gap", "p"]) == {"name": 0, "gap": 1, "p_value": 2}
    both = guess_columns(["name", "mean_perception", "mean_expectation", "p"])
    assert (both["mean_later"], both["p_value"]) == (1, 3)


def page_of(engagement: Engagement) -> str:
    with practice_scope(engagement.practice_id):
        slug = Practice.objects.get(pk=engagement.practice_id).slug
    return reverse("diagnosis:published_table", kwargs={"slug": slug, "engagement_id": engagement.pk})


@pytest.fixture
def page(owner_a: Member) -> tuple[Client, str]:
    with practice_scope(owner_a.practice):
        engagement = make_engagement(owner_a)
    client = Client()
    client.force_login(owner_a.user)
    return client, page_of(engagement)


@pytest.mark.django_db
def test_page_shows_the_gap_table_and_keeps_nothing(page: tuple[Client, str], owner_a: Member) -> None:
    client, url = page
    assert b"What the table may hold" in client.get(url).content
    with practice_scope(owner_a.practice):
        before = AuditEntry.objects.count()
    html = client.post(url, {"text": PAIRS, "low": "1", "high": "7"}).content.decode()
    for words in ("1 printed figure contradicts its row", "Speed", "−0.40", "[−0.53; −0.27]", "printed t"):
        assert words in html
    with practice_scope(owner_a.practice):
        assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_page_takes_a_file_and_names_bad_cells(page: tuple[Client, str]) -> None:
    client, url = page
    file = SimpleUploadedFile("table.csv", b"name;n;gap;sd_gap\nA;30;-0,4;1,1\nB;x;-0,2;1,1\n")
    html = client.post(url, {"file": file}).content.decode()
    assert "Row 3, column “n”, “x”" in html
    assert "do not contradict" in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Paste a table or choose a file."),
        ({"text": "a,b\n1,2\n"}, "columns for both means"),
        ({"text": PAIRS, "low": "1"}, "both ends of the scale"),
        ({"text": PAIRS, "low": "7", "high": "1"}, "above the lower one"),
        ({"text": PAIRS, "n": "1"}, "greater than or equal to 2"),
    ],
)
def test_page_says_what_is_missing(page: tuple[Client, str], data: dict[str, str], words: str) -> None:
    client, url = page
    answer = client.post(url, data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    if "text" in data:
        assert data["text"].split("\n", maxsplit=1)[0] in answer.content.decode(), "what was typed is kept"
