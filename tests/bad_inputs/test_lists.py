"""Bad lists of people, uploaded as a consultant does: read right or refused with the reason, and never half written."""

import csv
import io
import time
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from practice.models import Member
from tests.bad_inputs.test_people import Desk
from tests.surveys.people.workbooks import workbook

pytestmark = pytest.mark.django_db
HEADER = "email,name,audience,department"
ADA = "ada@x.com,Zoé – Ada,customer,Süd"


def upload(desk: Desk, content: bytes, name: str = "people.csv") -> Any:
    return desk.browser.post(
        f"{desk.base}people/import/", {"file": SimpleUploadedFile(name, content)}, follow=True
    )


def refused(desk: Desk, content: bytes, name: str = "people.csv") -> str:
    """Return what the page says of a file that is not taken."""
    answer = upload(desk, content, name)
    assert answer.status_code == 422
    assert desk.people() == []
    (errors,) = answer.context["upload_form"].errors.values()
    return str(errors[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_o01_o02_every_usual_encoding_and_separator(encoding: str, separator: str, owner_a: Member) -> None:
    desk = Desk(owner_a)
    text = f'{HEADER}\r\n{ADA}\nbob@x.com,"Bob\r\nB",customer,Nord\r'.replace(",", separator)
    preview = upload(desk, text.encode(encoding))
    assert preview.context["columns"][0]["header"] == "email"
    desk.confirm(preview)
    assert [(person.name, person.attributes) for person in desk.people()] == [
        ("Zoé – Ada", {"department": "Süd"})
    ]
    assert preview.context["counts"]["to_fix"] == 1


def test_o03_headers_in_other_words_and_twice(owner_a: Member) -> None:
    desk = Desk(owner_a)
    assert "same name: email" in refused(desk, b"email,Name,EMAIL \na@x.com,A,b@x.com\n")
    preview = upload(desk, b" E-MAIL , Full Name,Gruppe\nada@x.com,Ada,Kunde\n")
    desk.confirm(preview)
    assert [person.email for person in desk.people()] == ["ada@x.com"]
    preview = upload(desk, b"name,audience\nAda,customer\n")
    assert preview.context["counts"]["ready"] == 0
    assert "The address is missing." in preview.content.decode()


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        (b"", "empty.csv", "empty"),
        (b"", "empty.xlsx", "empty"),
        (b"email,name\n", "header.csv", "no people"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 9, "photo.csv", ""),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "photo.csv", "neither"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00\x00\n", "list.csv", "neither"),
    ],
)
def test_o04_what_is_no_list_is_refused(content: bytes, name: str, word: str, owner_a: Member) -> None:
    assert word in refused(Desk(owner_a), content, name)


def test_o05_o10_o19_one_person_is_taken_once(owner_a: Member) -> None:
    desk = Desk(owner_a)
    rows = [HEADER, "ada@x.com,Ada,customer,", "ADA@X.COM,Ada,customer,", " ada@x.com ,Ada,customer,"]
    preview = upload(desk, "\n".join(rows).encode())
    assert preview.context["counts"] == {
        "rows": 3, "ready": 1, "to_fix": 0, "merged": 2, "suppressed": 0, "left_out": 0
    }  # fmt: skip
    desk.confirm(preview)
    desk.confirm(preview)
    again = upload(desk, "\n".join(rows).encode())
    assert again.context["counts"]["merged"] == 3
    desk.confirm(again)
    assert len(desk.people()) == 1


def test_o06_rows_of_another_length_are_row_errors(owner_a: Member) -> None:
    desk = Desk(owner_a)
    short = [",".join(["email,name,audience", *(f"c{n}" for n in range(9))]), "eve@x.com,Eve,customer"]
    assert "The row has 3 of 12 cells." in upload(desk, "\n".join(short).encode()).content.decode()
    preview = upload(
        desk, "\n".join([HEADER, ADA, "customer", "bob@x.com,Bob,customer,Nord" + ",x" * 36]).encode()
    )
    html = preview.content.decode()
    assert "The row has 1 of 4 cells." in html
    assert "The row has 40 cells, the header 4." in html
    assert desk.people() == []
    desk.confirm(preview)
    assert [person.email for person in desk.people()] == ["ada@x.com"]


def test_o07_names_like_formulas_stay_text_and_leave_harmless(owner_a: Member) -> None:
    desk = Desk(owner_a)
    names = ['=HYPERLINK("http://x","a")', "+1+1", "-2+3", "@SUM(A1)"]
    content = io.StringIO()
    writer = csv.writer(content)
    writer.writerow(HEADER.split(","))
    writer.writerows([f"p{place}@x.com", name, "customer", name] for place, name in enumerate(names))
    desk.confirm(upload(desk, content.getvalue().encode()))
    assert [person.name for person in desk.people()] == names
    client = desk.wave.engagement.client_organisation_id
    for path in (
        f"{desk.base}people/export/",
        f"/p/{desk.owner.practice.slug}/clients/{client}/people/export/",
    ):
        rows = list(csv.reader(io.StringIO(desk.browser.get(path).content.decode("utf-8-sig"))))[1:]
        assert [row[1] for row in rows] == [f"'{name}" for name in names]
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"email\n" + b"a@x.com\n" * 50_001, "50,000"),
        (b"email\n" + b"a" * (11 * 1024 * 1024), "10 MB"),
        (("email," + ",".join(f"c{n}" for n in range(200)) + "\na@x.com\n").encode(), "200 columns"),
    ],
)
def test_o09_too_much_is_refused_with_the_limit_at_once(content: bytes, word: str, owner_a: Member) -> None:
    desk = Desk(owner_a)
    began = time.process_time()
    assert word in refused(desk, content)
    assert time.process_time() - began < 2


def test_o11_a_workbook_is_read_as_its_first_visible_sheet_shows(owner_a: Member) -> None:
    def more(book: Workbook) -> None:
        hidden = book.create_sheet("Hidden", 0)
        hidden.append(["email", "audience"])
        hidden.append(["secret@x.com", "customer"])
        hidden.sheet_state = "hidden"
        book.worksheets[1].merge_cells("F5:G6")

    rows = [
        ("email", "name", "audience", "Since", "Phone", "Mobile"),
        ("ada@x.com", "Ada", "customer", date(2024, 2, 29), "0664 123", 436641234567890),
        ("bob@x.com", "=A1", "customer", None, "+43 1 2", None),
    ]
    desk = Desk(owner_a)
    preview = upload(desk, workbook(rows, change=more), "people.xlsx")
    assert "formula without a saved value" in preview.content.decode()
    desk.confirm(preview)
    (ada,) = desk.people()
    assert ada.attributes == {"Since": "2024-02-29", "Phone": "0664 123", "Mobile": "436641234567890"}
