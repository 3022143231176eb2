"""Files of answers as they come: workbooks within limits, columns known by name, every cell read or named."""

import io
import time
import zipfile
from datetime import date

import openpyxl
import pytest

from practice.exceptions import InvalidInputError
from surveys.answers_file import (
    Options,
    check_answers,
    conversions_of,
    guess_columns,
    read_answers_file,
)
from surveys.instruments import CANNOT_JUDGE, MISSING, load_builtin
from surveys.tables import MAX_UNPACKED, read_workbook

ECSI, CRM = load_builtin("ecsi"), load_builtin("die-crm")
FORM = ECSI.form_for("customers")


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_cells_of_a_workbook_become_text() -> None:
    content = workbook(
        [None],
        ["id", "EX1", "PQ1", None],
        [1, 7.0, 7.25, None],
        [None, None],
        ["#N/A", True, date(2026, 3, 31), " x "],
    )
    assert read_workbook(content)[0] == 2
    table = read_answers_file(content)
    assert table.header == ("id", "EX1", "PQ1")
    assert table.rows == (("1", "7", "7.25"), (), ("#N/A", "1", "2026-03-31", "x"))


def test_a_formula_without_a_saved_value_is_named_by_its_row() -> None:
    with pytest.raises(InvalidInputError, match="Row 3 holds a formula"):
        read_answers_file(workbook(["EX1"], [7], ["=1+1"]))


def packed(name: str, text: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and no more", "no workbook"),
        (packed("hello.txt", b"hello"), "no workbook"),
        (packed("xl/big.xml", b" " * (MAX_UNPACKED + 1)), "too large when unpacked"),
        (packed("[Content_Types].xml", b"<broken"), "damaged|no workbook"),
        (workbook(), "empty"),
        (workbook(["EX1"]), "no answers"),
        (workbook(["EX1", "ex1"], [1, 2]), "same name"),
        (b"EX1,PQ1\n", "no answers"),
        (b"", "empty"),
    ],
)
def test_files_that_cannot_be_read_say_why(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        read_answers_file(content)
    assert "file" in caught.value.fields


def test_entities_of_a_hostile_workbook_are_not_expanded() -> None:
    source = io.BytesIO(workbook(["EX1"], ["7"]))
    target = io.BytesIO()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.namelist():
            text = old.read(entry).decode()
            if entry.endswith("sheet1.xml"):
                assert "EX1" in text
                text = f"<?xml version='1.0'?>{bomb}" + text[text.index("<worksheet") :].replace("EX1", "&b;")
            new.writestr(entry, text)
    with pytest.raises(InvalidInputError):
        read_workbook(target.getvalue())


@pytest.mark.parametrize(
    ("header", "slot"),
    [
        ("CE.EX1", "CE.EX1"), ("ce_ex1", "CE.EX1"), ("EX1", "CE.EX1"), ("expe1", "CE.EX1"), ("CUEX1", "CE.EX1"),
        ("perq7", "CP.PQ7"), ("Reliability and accuracy", "CP.PQ6"), ("IMAG3", "IM3"), ("sa1", "SA1"),
        ("Quality of the service as a whole", "ignore"), ("weight", "weight"), ("who", "ignore"), ("", "ignore"),
    ],
)  # fmt: skip
def test_columns_are_known_by_name(header: str, slot: str) -> None:
    assert guess_columns([header], FORM, ECSI) == {0: slot}


def test_no_slot_is_guessed_twice_and_saved_names_come_first() -> None:
    header = ["EX1", "expe1", "old", "gone"]
    saved = {"old": "CE.EX2", "gone": "CE.EX9"}
    assert guess_columns(header, FORM, ECSI, saved) == {0: "CE.EX1", 1: "ignore", 2: "CE.EX2", 3: "ignore"}


def test_parallel_items_are_known_by_state_only() -> None:
    form = CRM.form_for("customers")
    header = ["CE_R1_1", "cp r1.1", "R1.1", "Y1.1"]
    assert list(guess_columns(header, form, CRM).values()) == ["CE.R1.1", "CP.R1.1", "ignore", "Y1.1"]


def test_codes_ends_and_turned_scales() -> None:
    options = Options(missing=("99", "k.A."), cannot_judge=("88",), scales={"level": (5, 1)})
    mapping = {0: "CE.EX1", 1: "CP.PQ1"}
    rows = [("1", "5"), ("99", "2"), ("K.A.", "88"), ("", "3.0"), ("NA", "."), ()]
    checked = check_answers(["a", "b"], rows, mapping, options, FORM)
    assert checked.problems == []
    assert checked.n_empty == 1
    pairs = [(row[0], row[FORM.slot_index["CP.PQ1"]]) for row in checked.scores]
    assert pairs == [(1, 5), (MISSING, 2), (MISSING, CANNOT_JUDGE), (MISSING, 3)]
    assert conversions_of(options, mapping, FORM) == {"CE.EX1": (5, 1, 1, 10), "CP.PQ1": (5, 1, 1, 10)}
    summary = checked.columns[1]
    assert (summary.n, summary.low, summary.high, summary.n_problems) == (3, 2, 5, 0)


def test_rows_with_too_many_cells_and_wrong_cells_are_named_once_each() -> None:
    rows = [("7", "8", "9"), ("x", "x"), ("7", "-3"), ("1e3", "7,0")]
    checked = check_answers(["a", "b"], rows, {0: "CE.EX1", 1: "CP.PQ1"}, Options(), FORM)
    found = [(problem.row, problem.column, problem.cell) for problem in checked.problems]
    assert found == [(2, "–", ""), (3, "a", "x"), (3, "b", "x"), (4, "b", "-3"), (5, "a", "1e3")]


def test_attributes_stay_only_where_five_share_every_combination() -> None:
    rows = [("7", "N" if n < 6 else "S", str(n)) for n in range(12)]
    mapping = {0: "CE.EX1", 1: "attribute:region", 2: "attribute:age"}
    checked = check_answers(["a", "region", "age"], rows, mapping, Options(), FORM)
    assert checked.kept == ["region"]
    assert checked.attributes[0] == {"region": "N"}


def test_a_large_file_is_read_in_seconds() -> None:
    line = ",".join(str(n % 7 + 1) for n in range(54))
    codes = [slot.code for slot in CRM.form_for("customers").slots][:54]
    content = "\n".join([",".join(codes), *[line] * 49_000]).encode()
    start = time.monotonic()
    table = read_answers_file(content)
    form = CRM.form_for("customers")
    checked = check_answers(table.header, table.rows, guess_columns(table.header, form, CRM), Options(), form)
    assert len(checked.scores) == 49_000
    assert time.monotonic() - start < 15
