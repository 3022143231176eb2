"""Lists of people in workbooks: what the sheet shows is what is read, and nothing else in the file is trusted."""

import datetime as dt
import time
import zlib

import openpyxl
import pytest

from practice.exceptions import InvalidInputError
from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Recipient
from surveys.people_table import read_people_file
from surveys.services import people
from surveys.tables import UNUSABLE
from tests.factories.surveys import make_wave
from tests.surveys.people.workbooks import (
    SHEET,
    TYPES,
    part_of,
    shared_workbook,
    with_parts,
    with_saved_value,
    workbook,
)

HEADER = ("E-Mail", "Name", "Audience", "Region")
ADA = ("ada@x.com", "Zoé O’Brien", "customer", "Nord")
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


def refused(content: bytes) -> str:
    with pytest.raises(InvalidInputError) as error:
        read_people_file(content)
    assert set(error.value.fields) == {"file"}
    return error.value.message


def test_a_sheet_is_read_as_it_shows() -> None:
    day, moment = dt.date(2026, 3, 31), dt.datetime(2026, 3, 31, 14, 30)  # noqa: DTZ001  workbooks know no time zone
    table = read_people_file(
        workbook(
            [("email", "a", "b", "c", "d"), (" a@x.com ", 7, 7.5, day, True), ("b@x.com", 0.1 + 0.2, moment)]
        )
    )
    assert table.header == ("email", "a", "b", "c", "d")
    assert table.rows == (
        ("a@x.com", "7", "7.5", "2026-03-31", "1"),
        ("b@x.com", "0.3", "2026-03-31T14:30:00", "", ""),
    )
    assert (table.encoding, table.header_row) == ("xlsx", 1)


def test_only_the_first_visible_sheet_is_read() -> None:
    def add_sheets(book: openpyxl.Workbook) -> None:
        hidden = book.create_sheet("Hidden", 0)
        hidden.append(["email"])
        hidden.append(["secret@x.com"])
        hidden.sheet_state = "hidden"
        book.create_chartsheet("Chart", 0).add_chart(openpyxl.chart.BarChart())
        book.create_sheet("Later").append(["later@x.com"])

    table = read_people_file(workbook([HEADER, ADA], change=add_sheets))
    assert table.rows == (ADA,)

    def empty_first(book: openpyxl.Workbook) -> None:
        book.create_sheet("Cover", 0)

    assert "“Cover” is empty" in refused(workbook([HEADER, ADA], change=empty_first))


def test_merged_and_formatted_cells_are_no_people() -> None:
    def decorate(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.merge_cells("D3:E4")
        for place in ("XFD2", "F900", "A1048576"):
            sheet[place].font = openpyxl.styles.Font(bold=True)

    table = read_people_file(
        workbook([HEADER, ADA, ("bob@x.com", "Bob", "customer", "Süd")], change=decorate)
    )
    assert table.rows == (ADA, ("bob@x.com", "Bob", "customer", "Süd"))


def test_rows_are_numbered_as_the_sheet_shows(owner_a: Member) -> None:
    def move(book: openpyxl.Workbook) -> None:
        book.active.insert_rows(1, 3)
        book.active["A7"], book.active["C7"] = "broken", "customer"

    with practice_scope(owner_a.practice):
        content = workbook([HEADER, ADA], change=move)
        row = people.upload_people(wave=make_wave(owner_a), filename="x.xlsx", content=content, actor=owner_a)
        assert row.header_row == 4
        assert [(found.number, found.status) for found in people.preview_of(row).rows] == [
            (5, "ready"), (7, "fix"),
        ]  # fmt: skip
        for number in (4, 8):
            with pytest.raises(InvalidInputError):
                people.fix_row(row, row=number, values={"email": "b@x.com"}, actor=owner_a)
        people.fix_row(row, row=7, values={"email": "b@x.com"}, actor=owner_a)
        assert people.confirm_import(row, actor=owner_a).result["imported"] == 2


def test_formulas_count_with_their_saved_value_or_are_row_errors(owner_a: Member) -> None:
    content = workbook(
        [HEADER, ("a@x.com", '="A"&"da"', "customer", "=1/0"), ("b@x.com", '="B"', "customer", "=Z1")]
    )
    content = with_saved_value(content, "B2", "Ada")
    content = with_saved_value(content, "D2", "#DIV/0!", kind="e")
    table = read_people_file(content)
    assert table.rows[0] == ("a@x.com", "Ada", "customer", f"{UNUSABLE}#DIV/0!")
    assert table.rows[1] == ("b@x.com", UNUSABLE, "customer", UNUSABLE)
    with practice_scope(owner_a.practice):
        row = people.upload_people(wave=make_wave(owner_a), filename="x.xlsx", content=content, actor=owner_a)
        first, second = people.preview_of(row).rows
        assert "#DIV/0!" in first.problems["attribute:Region"]
        assert "formula without a saved value" in second.problems["name"]
        assert set(second.problems) == {"name", "attribute:Region"}
        people.fix_row(row, row=2, values={"attribute:Region": "North"}, actor=owner_a)
        people.fix_row(row, row=3, values={"name": "Bob", "attribute:Region": ""}, actor=owner_a)
        people.confirm_import(row, actor=owner_a)
        assert list(Recipient.objects.values_list("name", "attributes")) == [
            ("Ada", {"Region": "North"}),
            ("Bob", {}),
        ]
    assert "formula" in refused(workbook([("=A9", "email"), ("x", "a@x.com")]))


def test_text_that_looks_like_a_formula_stays_text(owner_a: Member) -> None:
    def as_text(book: openpyxl.Workbook) -> None:
        book.active["B2"].value = "=HYPERLINK(1)"
        book.active["B2"].data_type = "s"

    assert read_people_file(workbook([HEADER, ADA], change=as_text)).rows[0][1] == "=HYPERLINK(1)"


def test_what_is_no_plain_workbook_is_refused_with_the_reason() -> None:
    good = workbook([HEADER, ADA])
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    types = part_of(good, TYPES)
    macros = types.replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml").replace(
        b"openxmlformats-officedocument.spreadsheetml.sheet.macro", b"ms-excel.sheet.macro"
    )
    assert "old format" in refused(compound)
    assert "password" in refused(compound + "EncryptedPackage".encode("utf-16-le"))
    assert "macros" in refused(with_parts(good, {TYPES: macros}))
    assert "macros" in refused(with_parts(good, {"xl/vbaProject.bin": b"x"}))
    assert "no workbook" in refused(with_parts(good, {SHEET: b"<worksheet><sheetData><row>"})[:300])
    assert "archive is no workbook" in refused(with_parts(b"PK\x05\x06" + bytes(18), {"a.txt": b"a"}))
    assert "no people" in refused(workbook([HEADER]))
    assert "empty" in refused(workbook([]))
    assert "same name" in refused(workbook([("email", "EMAIL "), ("a@x.com", "b@x.com")]))


@pytest.mark.parametrize(
    "name",
    [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels", "docProps/core.xml"],
)
def test_entities_and_broken_parts_are_refused(name: str) -> None:
    good = shared_workbook([HEADER, ADA])
    part = part_of(good, name).split(b"?>", 1)[-1]
    for broken in (DOCTYPE + part, part[: len(part) // 2], b"", zlib.compress(part)):
        assert refused(with_parts(good, {name: broken}))


def test_archives_that_unpack_to_too_much_are_refused_unread() -> None:
    good = workbook([HEADER, ADA])
    began = time.process_time()
    assert "too large when unpacked" in refused(with_parts(good, {"xl/media/a.bin": bytes(2 * 1024 * 1024)}))
    assert "too many parts" in refused(with_parts(good, {f"xl/media/{n}": b"x" for n in range(1_000)}))
    noise = bytes(range(256)) * 4_096  # packs at about 80 to 1: only the sum is too much
    assert "too large when unpacked" in refused(
        with_parts(good, {f"xl/media/{n}": noise[:1_000_000] for n in range(110)})
    )
    assert time.process_time() - began < 10


@pytest.mark.parametrize("prefix", [b"", b"x:"])
def test_too_many_rows_are_refused_before_they_are_parsed(prefix: bytes) -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>person%d@x.com</t></is></c></row>' % (n, n, n)
        for n in range(1, 50_003)
    )
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )
    if prefix:
        sheet = sheet.replace(b"</", b"</x:").replace(b"<", b"<x:").replace(b"<x:/x:", b"</x:")
        sheet = sheet.replace(b"xmlns=", b"xmlns:x=")
    content = with_parts(workbook([HEADER]), {SHEET: sheet})
    began = time.process_time()
    assert "50,000 rows" in refused(content)
    if not prefix:
        assert time.process_time() - began < 2


def test_too_many_columns_and_bytes_are_refused() -> None:
    began = time.process_time()
    assert "200 columns" in refused(workbook([["email", *(f"c{n}" for n in range(200))], ["a@x.com"]]))
    assert "10 MB" in refused(b"PK\x03\x04" + bytes(10 * 1024 * 1024))
    assert time.process_time() - began < 2
    rows = [[f"c{n}" for n in range(200)], ["a@x.com"]]
    assert len(read_people_file(workbook(rows)).header) == 200
