"""Correcting wrong rows on the preview's own page: many at once, checked again, nothing written until confirmed."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Delivery, PeopleImport, Recipient, Suppression
from surveys.services.launch import launch_wave
from tests.factories.practice import make_engagement
from tests.factories.surveys import add_people, make_wave
from tests.surveys.people.workbooks import workbook

pytestmark = pytest.mark.django_db
ROWS = [
    "ada@x.com,Ada,customer,en,Nord",
    "bob(at)x.com,Bob,customer,en,Süd",
    "cyd@x.com,Cyd,wizard,english,Nord",
    "dan@x.com,Dan,customer,en,Süd,one,too,many",
    "eve,Eve,manager,en,Nord",
]


class Preview:
    """A consultant's browser on the preview of a list."""

    def __init__(self, owner: Member, content: bytes, name: str = "people.csv") -> None:
        self.owner = owner
        with practice_scope(owner.practice):
            engagement = make_engagement(owner)
            self.wave = make_wave(owner, engagement)
        self.browser = Client()
        self.browser.force_login(owner.user)
        base = f"/p/{owner.practice.slug}/engagements/{engagement.pk}/people/import/"
        answer = self.browser.post(base, {"file": SimpleUploadedFile(name, content)})
        self.url: str = answer.url

    def page(self, **query: str) -> Any:
        answer = self.browser.get(self.url, query)
        assert answer.status_code == 200
        return answer

    def fields(self, **query: str) -> dict[str, str]:
        """Return the marked inputs of the page with their values."""
        found = re.findall(
            r'<input class="field" form="rows" name="([^"]+)" value="([^"]*)"', self.html(**query)
        )
        return {unescape(name): unescape(value) for name, value in found}

    def html(self, **query: str) -> str:
        return str(self.page(**query).content.decode())

    def check(self, values: dict[str, str], **query: str) -> Any:
        place = "&".join(f"{key}={value}" for key, value in query.items())
        return self.browser.post(f"{self.url}fix/?{place}", values)

    def counts(self) -> tuple[int, int]:
        counts = self.page().context["counts"]
        return counts["ready"], counts["to_fix"]

    def people(self) -> list[tuple[str, str, str]]:
        with practice_scope(self.owner.practice):
            people = Recipient.objects.order_by("email_key")
            return list(people.values_list("email", "wave_audience__audience", "language"))


def listed(owner: Member, rows: list[str] = ROWS) -> Preview:
    return Preview(owner, "\n".join(["email,name,audience,language,Region", *rows]).encode())


def test_many_rows_are_corrected_at_once_and_nothing_is_written_until_confirmed(owner_a: Member) -> None:
    preview = listed(owner_a)
    assert preview.counts() == (1, 4)
    assert preview.fields() == {
        "cell-3-email": "bob(at)x.com",
        "cell-4-language": "english",
        "cell-5-email": "dan@x.com",
        "cell-6-email": "eve",
    }
    answer = preview.check(
        {
            "cell-3-email": "bob@x.com",
            "cell-4-audience": "front_line",
            "cell-4-language": "de",
            "cell-5-email": "dan@x.com",
            "cell-6-email": "still wrong",
        },
        tab="fix",
        page="1",
    )
    assert answer.url == f"{preview.url}?tab=fix&page=1"
    page = preview.html(tab="fix")
    assert "3 rows were corrected" in page
    assert preview.fields() == {"cell-5-email": "dan@x.com", "cell-6-email": "still wrong"}
    assert preview.people() == []
    preview.browser.post(f"{preview.url}confirm/")
    assert preview.people() == [
        ("ada@x.com", "customers", "en"),
        ("bob@x.com", "customers", "en"),
        ("cyd@x.com", "front_line", "de"),
    ]


def test_an_offered_correction_keeps_what_was_typed_elsewhere(owner_a: Member) -> None:
    preview = listed(owner_a)
    assert 'value="3:email=bob@x.com"' in preview.html()
    assert 'value="5:email=dan@x.com"' in preview.html()
    preview.check({"cell-6-email": "eve@x.com", "use": "3:email=bob@x.com"})
    assert preview.counts() == (3, 2)
    preview.check({"use": "5:email=dan@x.com"})
    assert preview.counts() == (4, 1)


def test_rows_are_left_out_and_taken_back(owner_a: Member) -> None:
    preview = listed(owner_a)
    preview.check({"leave_out": "3", "cell-6-email": "eve@x.com"})
    assert preview.counts() == (2, 2)
    assert 'name="take_back" value="3"' in preview.html(tab="left_out")
    preview.check({"take_back": "3"}, tab="left_out")
    assert preview.counts() == (2, 3)


def test_o11_a_formula_without_a_value_is_typed_in_place(owner_a: Member) -> None:
    rows = [
        ("email", "name", "audience", "A", "B", "C", "D", "E"),
        ("a@x.com", "=B1", "customer", *"1234", "=Z9"),
    ]
    preview = Preview(owner_a, workbook(rows), "people.xlsx")
    assert preview.fields() == {"cell-2-name": "=", "cell-2-attribute:E": "="}
    preview.check(preview.fields())
    assert preview.counts() == (0, 1)
    preview.check({"cell-2-name": "Ada", "cell-2-attribute:E": ""})
    assert preview.counts() == (1, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"cell-99-email": "a@x.com"},
        {"cell-0-email": "a@x.com"},
        {"cell-3-email": "a\x00@x.com", "cell-4-language": "de"},
        {"cell-3-name": "a\r\nBcc: b@x.com", "cell-4-language": "de"},
        {"leave_out": "999999999999"},
        {"take_back": "²"},
        {"cell-3-nothing": "a", "cell--": "b", "use": "3"},
    ],
)
def test_o14_o23_hostile_corrections_change_nothing(values: dict[str, str], owner_a: Member) -> None:
    preview = listed(owner_a)
    assert preview.check(values).status_code == 302
    assert preview.counts() == (1, 4)
    with practice_scope(owner_a.practice):
        result = PeopleImport.objects.get().result
    assert not any(result.values())


def test_rows_are_paged_and_the_number_of_queries_stays(owner_a: Member) -> None:
    counts = []
    for n in (1, 60):
        preview = listed(owner_a, [f"wrong{row},Ada,customer,en,Nord" for row in range(n)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            preview.page()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(preview.fields()) == 25
    assert list(preview.fields(page="3", tab="fix"))[-1] == "cell-61-email"
    preview.check({"cell-61-email": "last@x.com"}, tab="fix", page="3")
    assert preview.counts() == (1, 59)


def test_late_people_join_the_running_plan_and_the_page_says_so(owner_a: Member) -> None:
    preview = listed(owner_a, ["late@x.com,Late,customer,en,Nord", "out@x.com,Out,customer,en,Nord"])
    assert "join its plan" not in preview.html()
    with practice_scope(owner_a.practice):
        add_people(preview.wave, "customers", 5)
        launch_wave(wave=preview.wave, actor=owner_a)
        Suppression.objects.create(email_key="out@x.com", reason="asked by phone")
    people = preview.url.split("import/")[0]
    for page in (preview.html(), preview.browser.get(people).content.decode()):
        assert "join its plan" in page
    assert "asked not to be mailed" in preview.html(tab="suppressed")
    done = preview.browser.post(f"{preview.url}confirm/", follow=True).content.decode()
    assert "1 person imported. They join the running plan" in done
    assert "1 opted out earlier and was left out" in done
    with practice_scope(owner_a.practice):
        mails = Delivery.objects.filter(recipient__email_key="late@x.com").order_by("due_at")
        assert list(mails.values_list("round", "state")) == [
            ("invitation", "queued"),
            ("reminder_1", "planned"),
            ("reminder_2", "planned"),
        ]
        assert not Recipient.objects.filter(email_key="out@x.com").exists()


def test_a_list_without_anybody_new_says_why(owner_a: Member) -> None:
    preview = listed(owner_a, ROWS[:1])
    with practice_scope(owner_a.practice):
        Suppression.objects.create(email_key="ada@x.com", reason="asked by phone")
    done = preview.browser.post(f"{preview.url}confirm/", follow=True).content.decode()
    assert "Nobody of this list is new" in done


def test_everybody_of_a_list_without_audiences_gets_one(owner_a: Member) -> None:
    preview = Preview(owner_a, b"email,name\nada@x.com,Ada\nbob@x.com,Bob\n")
    assert preview.counts() == (0, 2)
    preview.browser.post(f"{preview.url}columns/", {"everybody": "nobody"})
    assert preview.counts() == (0, 2)
    preview.browser.post(f"{preview.url}columns/", {"everybody": "managers"})
    assert preview.counts() == (2, 0)
    preview.browser.post(f"{preview.url}columns/", {"column-1": "ignore"})
    assert preview.counts() == (2, 0)
    preview.browser.post(f"{preview.url}confirm/")
    assert preview.people() == [("ada@x.com", "managers", "en"), ("bob@x.com", "managers", "en")]
