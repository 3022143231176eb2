"""Reading a posted page: strict, and every problem names its field."""

import pytest

from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD, Form, Page, load_builtin

TEXT_LIMIT = 5000


@pytest.fixture
def form() -> Form:
    return load_builtin("die-crm").form("customers-standard")


@pytest.fixture
def page(form: Form) -> Page:
    return form.page("r1")


def test_blank_row_has_every_slot_missing(form: Form) -> None:
    assert form.blank_scores() == [MISSING] * form.n_ratings


def test_pack_puts_scores_into_their_slots(form: Form) -> None:
    row = form.pack({"CP.R1.1": 5})
    assert row[form.slot_index["CP.R1.1"]] == 5
    assert sum(score != MISSING for score in row) == 1
    with pytest.raises(KeyError):
        form.pack({"ME.R1.1": 5})


def test_empty_page_is_all_missing(form: Form, page: Page) -> None:
    answers = form.validate_answers(page, {})
    assert set(answers.scores.values()) == {MISSING}
    assert len(answers.scores) == 6
    assert not answers.problems


@pytest.mark.parametrize(
    ("value", "score"),
    [("1", 1), ("7", 7), (" 4 ", 4), ("", MISSING), ("cj", CANNOT_JUDGE), ("na", CANNOT_JUDGE)],
)
def test_ratings_are_read(form: Form, page: Page, value: str, score: int) -> None:
    answers = form.validate_answers(page, {"CE.R1.1": [value]})
    assert answers.scores["CE.R1.1"] == score
    assert not answers.problems


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["0"], "range"),
        (["8"], "range"),
        (["-1"], "range"),
        (["99999"], "range"),
        (["999999999999"], "number"),
        (["4.0"], "number"),
        (["four"], "number"),
        (["1e0"], "number"),
        (["٤"], "number"),
        (["ns"], "number"),
        (["4", "5"], "several"),
        ([str(MISSING)], "range"),
    ],
)
def test_bad_ratings_are_problems_of_their_field(
    form: Form, page: Page, values: list[str], code: str
) -> None:
    answers = form.validate_answers(page, {"CE.R1.1": values, "CP.R1.1": ["3"]})
    assert list(answers.problems) == ["CE.R1.1"]
    assert answers.problems["CE.R1.1"].startswith("CE.R1.1: ")
    assert answers.problems["CE.R1.1"].code == code
    assert "CE.R1.1" not in answers.scores
    assert answers.scores["CP.R1.1"] == 3


def test_fields_of_other_pages_are_problems(form: Form, page: Page) -> None:
    answers = form.validate_answers(page, {"CE.R2.1": ["3"], "{0.__class__}": ["x"]})
    assert set(answers.problems) == {"CE.R2.1", "{0.__class__}"}
    assert answers.problems["{0.__class__}"] == "{0.__class__}: this page has no such question."


def test_no_standard_is_read_where_it_is_offered() -> None:
    managers = load_builtin("die-crm").form("managers-standard")
    answers = managers.validate_answers(managers.page("r1"), {"DS.R1.1": ["ns"], "ME.R1.1": ["ns"]})
    assert answers.scores["DS.R1.1"] == NO_STANDARD
    assert list(answers.problems) == ["ME.R1.1"]


def test_scales_have_their_own_limits(form: Form) -> None:
    assert form.validate_answers(form.page("flow"), {"F1": ["-3"]}).scores == {"F1": -3}
    answers = form.validate_answers(form.page("intentions"), {"Y4.1": ["10"], "Y4.4": ["100"]})
    assert (answers.scores["Y4.1"], answers.scores["Y4.4"]) == (10, 100)
    answers = form.validate_answers(form.page("intentions"), {"Y4.1": ["11"], "Y4.4": ["cj"]})
    assert set(answers.problems) == {"Y4.1", "Y4.4"}


def test_ticks_are_limited_and_kept_in_the_order_offered(form: Form) -> None:
    page = form.page("about-you")
    answers = form.validate_answers(page, {"Y8": ["R9", "R1", "R1"], "P1": ["lt1"]})
    assert answers.choices == {"Y8": ["R1", "R9"], "P1": ["lt1"], "P2": [], "P3": []}
    answers = form.validate_answers(
        page, {"Y8": ["R1", "R2", "R3", "R4"], "P1": ["lt1", "gt10"], "P2": ["nine"]}
    )
    assert {name: problem.code for name, problem in answers.problems.items()} == {
        "Y8": "many",
        "P1": "many",
        "P2": "option",
    }
    assert answers.problems["Y8"].params == {"field": "Y8", "most": 3, "given": 4}


def test_texts_are_limited(form: Form) -> None:
    page = form.page("voice")
    answers = form.validate_answers(page, {"V1": [" a\r\nb "], "V2": ["x" * TEXT_LIMIT]})
    assert answers.texts == {"V1": "a\nb", "V2": "x" * TEXT_LIMIT}
    answers = form.validate_answers(page, {"V1": ["x" * (TEXT_LIMIT + 1)], "V2": ["a\x00b"]})
    assert answers.problems["V1"] == "V1: the text is 1 characters too long (at most 5000)."
    assert set(answers.problems) == {"V1", "V2"}
