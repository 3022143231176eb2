"""Lists of people as they come: every encoding and mistake gets a plain answer, and nothing is half-written."""

import time

import pytest

from practice.addresses import AddressError, clean_email
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.enums import AudienceState
from surveys.models import Delivery, Recipient, Suppression, Wave
from surveys.people_check import audience_of, guess_mapping
from surveys.people_table import read_people_file
from surveys.services import field, people
from tests.factories.surveys import add_people, make_launched_wave, make_wave

pytestmark = pytest.mark.django_db
HEADER = "E-Mail,Name,Audience,Region"


def upload(owner: Member, wave: Wave, *lines: str, header: str = HEADER) -> people.ImportPreview:
    content = "\n".join([header, *lines]).encode()
    return people.preview_of(people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends_are_read(encoding: str, delimiter: str, newline: str) -> None:
    lines = [delimiter.join(("E-Mail", "Name")), delimiter.join(("a@x.com", "Zoé Müller"))]
    table = read_people_file(newline.join(lines).encode(encoding))
    assert table.header == ("E-Mail", "Name")
    assert table.rows == (("a@x.com", "Zoé Müller"),)
    assert table.delimiter == delimiter


@pytest.mark.parametrize("start", ["\n\n", ";;\n", '"";\r\n'])
def test_blank_lines_before_the_header_say_nothing_of_the_separator(start: str) -> None:
    table = read_people_file(f"{start}email;name\na@x.com;A\n".encode())
    assert table.header == ("email", "name")
    assert table.rows == (("a@x.com", "A"),)


def test_a_million_blank_lines_are_no_people() -> None:
    table = read_people_file(b"email\na@x.com\n\nb@x.com\n" + b"\n" * 1_000_000)
    assert table.rows == (("a@x.com",), (), ("b@x.com",))
    with pytest.raises(InvalidInputError, match="50,000"):
        read_people_file(b"email\na@x.com\n" + b"\n" * 50_000 + b"b@x.com\n")


def test_quoted_newlines_stay_in_their_cell() -> None:
    assert read_people_file(b'email,name\na@x.com,"A\nB"\n').rows == (("a@x.com", "A\nB"),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"   \n \n", "empty"),
        (b"email,name\n", "no people"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "damaged|neither a CSV|table"),
        (b"PK\x03\x04\x00\x00\x00\x00", "no workbook"),
        (b"email,Email\na@x.com,b@x.com\n", "same name"),
        (b"email\n" + b"a@x.com\n" * 50_001, "50,000"),
        (b"email\n" + b"a" * (10 * 1024 * 1024 + 1), "10 MB"),
        (",".join(f"c{n}" for n in range(201)).encode() + b"\nx\n", "200 columns"),
    ],
)
def test_unreadable_files_are_refused_with_the_reason(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as error:
        read_people_file(content)
    assert set(error.value.fields) == {"file"}


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        (" A@X.COM \n", "A@x.com"),
        ("mailto:a@x.com", "a@x.com"),
        ("<a@x.com>", "a@x.com"),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ("o'brien+x@sub.example.org", "o'brien+x@sub.example.org"),
    ],
)
def test_addresses_are_cleaned(written: str, clean: str) -> None:
    assert clean_email(written) == clean


@pytest.mark.parametrize(
    "written",
    [
        "", "a", "a@", "@x.com", "a@localhost", "a@[127.0.0.1]", "a@127.0.0.1", '"a b"@x.com', "ä@x.com",
        "a@x.com,b@x.com", "a@x.com;b@x.com", "a b@x.com", "a@x.com\u200b", "a@x..com", "a@-x.com", ".a@x.com",
        "a@x.com\r\nBcc: b@x.com", f"{'b' * 64}@{'.'.join(['a' * 60] * 3)}.example.org",
    ],
)  # fmt: skip
def test_unusable_addresses_are_refused(written: str) -> None:
    with pytest.raises(AddressError):
        clean_email(written)


def test_columns_are_guessed_from_words_and_cells() -> None:
    assert guess_mapping(["Who", "E-mail address", "Full Name", "Branch", ""], []) == {
        0: "audience", 1: "email", 2: "name", 3: "attribute:Branch", 4: "ignore",
    }  # fmt: skip
    assert guess_mapping(["x", "y"], [["a@x.com", "manager"], ["b@x.com", "Front line"]]) == {
        0: "email", 1: "audience",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Customer", "customers"),
        ("FRONT-LINE", None),
        ("front line", "front_line"),
        ("CRM", "crm_team"),
        ("x", None),
    ],
)
def test_words_for_audiences(word: str, code: str | None) -> None:
    assert audience_of(word) == code


def test_rows_are_checked_and_nothing_is_written_until_confirmed(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        Suppression.objects.create(email_key="gone@x.com", reason="asked")
        add_people(wave, "customers", 1)
        known = Recipient.objects.get()
        preview = upload(
            owner_a, wave,
            "ada@x.com,Ada,customer,North",
            "ADA@X.COM,Ada again,customers,North",
            "gone@x.com,Gone,customer,South",
            f"{known.email.upper()},Known,customer,South",
            "broken at x.com,Bob,customer,South",
            "carl@x.com,Carl,visitor,South",
            "dora@x.com,=HYPERLINK(1),managers,<script>alert(1)</script>",
            "eva@x.com,Eva",
            "fred@x.com,Fred,customer,South,too,many",
        )  # fmt: skip
        assert (preview.n_rows, preview.n_ready, preview.n_to_fix) == (9, 2, 4)
        assert (preview.n_merged, preview.n_suppressed) == (2, 1)
        assert preview.rows[1].note == "same person as row 2"
        assert set(preview.rows[4].problems) == {"email"}
        assert set(preview.rows[5].problems) == {"audience"}
        assert preview.rows[6].values["name"] == "=HYPERLINK(1)"
        assert "6 cells" in preview.rows[8].problems["email"]
        assert Recipient.objects.count() == 1


def test_rows_are_numbered_as_in_the_spreadsheet(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        content = b"email,audience\n\na@x.com,manager\n,\nbroken,manager\n"
        row = people.upload_people(wave=make_wave(owner_a), filename="x.csv", content=content, actor=owner_a)
        people.fix_row(row, row=5, values={"email": "b@x.com"}, actor=owner_a)
        row.refresh_from_db()
        preview = people.preview_of(row)
        assert [(found.number, found.values["email"]) for found in preview.rows] == [
            (3, "a@x.com"), (5, "b@x.com"),
        ]  # fmt: skip
        assert preview.n_rows == preview.n_ready == 2


def test_what_was_typed_passes_the_same_checks_as_the_file(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        Suppression.objects.create(email_key="gone@x.com", reason="asked")
        known = add_people(wave, "managers", 1)[0]
        lines = "\n".join(["e-mail", "a@x.com", "A@x.com", "gone@x.com", known.email, "b@x.com", "b@x.com"])
        row = people.upload_people(wave=wave, filename="x.csv", content=lines.encode(), actor=owner_a)
        for number in range(2, 8):
            people.fix_row(row, row=number, values={"audience": "managers"}, actor=owner_a)
        people.leave_out_row(row, row=6, actor=owner_a)
        row.refresh_from_db()
        assert [found.status for found in people.preview_of(row).rows] == [
            "ready", "merged", "suppressed", "merged", "left_out", "ready",
        ]  # fmt: skip
        assert people.confirm_import(row, actor=owner_a).result["imported"] == 2


@pytest.mark.parametrize("typed", ["\x00", "a\ud800", "Ada\nBcc: x@x.com", "Ada\u2028B"])
def test_control_characters_cannot_be_typed(typed: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        content = f"{HEADER}\nada,Ada,customer,N\n".encode()
        row = people.upload_people(wave=make_wave(owner_a), filename="x.csv", content=content, actor=owner_a)
        with pytest.raises(InvalidInputError) as error:
            people.fix_row(row, row=2, values={"name": typed}, actor=owner_a)
        assert set(error.value.fields) == {"name"}


def test_long_language_codes_are_row_errors(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        preview = upload(
            owner_a,
            make_wave(owner_a),
            "a@x.com,managers,eng-abcdefgh",
            "b@x.com,managers,deu-formal",
            header="email,audience,language",
        )
        assert [set(row.problems) for row in preview.rows] == [{"language"}, set()]


def test_fixing_mapping_and_confirming(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        content = b"Mail,Who\nada (at) x.com,customer\nbob@x.com,visitor\ncarl@x.com,manager\n"
        row = people.upload_people(wave=wave, filename="../../etc/x.csv", content=content, actor=owner_a)
        preview = people.preview_of(row)
        assert preview.rows[0].fixes == {"email": "ada@x.com"}
        people.fix_row(row, row=2, values={"email": "ada@x.com"}, actor=owner_a)
        people.leave_out_row(row, row=3, actor=owner_a)
        done = people.confirm_import(row, actor=owner_a)
        assert done.result["imported"] == 2
        assert done.rows == []
        assert people.confirm_import(row, actor=owner_a).result == done.result
        assert set(Recipient.objects.values_list("email", flat=True)) == {"ada@x.com", "carl@x.com"}
        assert AuditEntry.objects.filter(verb="import.confirmed").count() == 1
        with pytest.raises(WrongStateError):
            people.set_mapping(row, mapping={0: "ignore"}, actor=owner_a)


def test_same_file_twice_makes_no_doubles(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        content = f"{HEADER}\nada@x.com,Ada,customer,N\n".encode()
        first = people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a)
        assert people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a) == first
        people.confirm_import(first, actor=owner_a)
        second = people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a)
        with pytest.raises(InvalidInputError):
            people.confirm_import(second, actor=owner_a)
        assert Recipient.objects.count() == 1


@pytest.mark.parametrize("mapping", [{9: "email"}, {0: "password"}, {0: "name"}, {3: "attribute:\x00"}])
def test_impossible_mappings_are_refused(mapping: dict[int, str], owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        content = f"{HEADER}\nada@x.com,Ada,customer,N\n".encode()
        row = people.upload_people(wave=make_wave(owner_a), filename="x.csv", content=content, actor=owner_a)
        with pytest.raises(InvalidInputError) as error:
            people.set_mapping(row, mapping=mapping, actor=owner_a)
        assert next(iter(error.value.fields)).startswith("column-")


def test_late_people_join_the_running_plan(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=6)
        content = f"{HEADER}\nlate@x.com,Late,customer,N\n".encode()
        row = people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a)
        people.confirm_import(row, actor=owner_a)
        late = Recipient.objects.get(email="late@x.com")
        assert sorted(Delivery.objects.filter(recipient=late).values_list("round", flat=True)) == [
            "invitation", "reminder_1", "reminder_2",
        ]  # fmt: skip
        assert late.links.count() == late.ledger.count() == 1


def test_the_first_late_people_open_their_audience(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=6)
        content = f"{HEADER}\nlate@x.com,Late,manager,N\n".encode()
        row = people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a)
        people.confirm_import(row, actor=owner_a)
        customers, managers = (wave.audiences.get(audience=code) for code in ("customers", "managers"))
        assert managers.state == AudienceState.OPEN
        assert managers.closes_at == customers.closes_at
        assert managers.link_key is not None
        assert managers.mixing_key is not None
        invitation = Delivery.objects.get(recipient__email="late@x.com", round="invitation")
        assert invitation.state == "queued"
        assert AuditEntry.objects.filter(verb="audience.opened").count() == 1


def test_nobody_joins_what_is_closed(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=6)
        field.close_wave(wave, actor=owner_a)
        preview = upload(owner_a, wave, "a@x.com,A,customer,N", "b@x.com,B,manager,N")
        assert [set(row.problems) for row in preview.rows] == [{"audience"}] * 2


def test_ten_thousand_rows_take_less_than_three_seconds(owner_a: Member) -> None:
    lines = [f"person{n}@example.org,Person {n},customer,Region {n % 7}" for n in range(10_000)]
    content = "\n".join([HEADER, *lines]).encode()
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        began = time.process_time()
        row = people.upload_people(wave=wave, filename="x.csv", content=content, actor=owner_a)
        people.preview_of(row)
        people.confirm_import(row, actor=owner_a)
        assert Recipient.objects.count() == 10_000
    assert time.process_time() - began < 3
