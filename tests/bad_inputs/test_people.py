"""Hostile and overlong names of people: said at the row, shown as text on every page, never cut in silence."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Recipient
from tests.factories.practice import make_engagement
from tests.factories.surveys import make_wave

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"
NAMES = ("O'Brien", "Müller-Lüdenscheidt", "Nguyễn", "李雷", "X Æ A-12", "Q")


class Desk:
    """A consultant's browser at the people of one engagement."""

    def __init__(self, owner: Member) -> None:
        self.owner = owner
        with practice_scope(owner.practice):
            engagement = make_engagement(owner)
            self.wave = make_wave(owner, engagement)
        self.base = f"/p/{owner.practice.slug}/engagements/{engagement.pk}/"
        self.browser = Client()
        self.browser.force_login(owner.user)

    def upload(self, *rows: str, header: str = "email,name,audience,department") -> Any:
        """Upload a list and return the page it leads to."""
        content = "\n".join([header, *rows]).encode()
        return self.browser.post(
            f"{self.base}people/import/", {"file": SimpleUploadedFile("people.csv", content)}, follow=True
        )

    def people(self) -> list[Recipient]:
        with practice_scope(self.owner.practice):
            return list(Recipient.objects.order_by("email"))

    def confirm(self, page: Any) -> Any:
        """Press the preview's own button."""
        return self.browser.post(page.redirect_chain[-1][0].rstrip("/") + "/confirm/", follow=True)


def test_o08_a_script_as_department_is_shown_as_text(owner_a: Member) -> None:
    desk = Desk(owner_a)
    preview = desk.upload(f"a@x.com,{SCRIPT},customer,{SCRIPT}", f"broken,{SCRIPT},customer,{SCRIPT}")
    desk.confirm(preview)
    assert desk.people()[0].name == SCRIPT
    for page in (preview, desk.browser.get(f"{desk.base}people/")):
        html = page.content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_o12_o13_names_are_kept_whole_or_refused_with_the_limit(owner_a: Member) -> None:
    desk = Desk(owner_a)
    good = [*NAMES, "n" * 200]
    bad = ["n" * 201, "n" * 255, "n" * 256, "n" * 10_000]
    preview = desk.upload(*(f"p{n}@x.com,{name},customer,North" for n, name in enumerate([*good, *bad])))
    assert preview.content.decode().count("longer than 200 characters") >= len(bad)
    assert desk.people() == []
    desk.confirm(preview)
    assert [person.name for person in desk.people()] == good


@pytest.mark.parametrize("field", ["email", "audience"])
@pytest.mark.parametrize("blank", ["   ", '"\n\n"', "\u00a0"])
def test_o22_blanks_in_a_needed_cell_are_a_row_error(field: str, blank: str, owner_a: Member) -> None:
    desk = Desk(owner_a)
    row = {"email": "a@x.com", "audience": "customer"} | {field: blank}
    preview = desk.upload(f"{row['email']},Ada,{row['audience']},North", "b@x.com,Bob,customer,North")
    desk.confirm(preview)
    assert [person.email for person in desk.people()] == ["b@x.com"]


@pytest.mark.parametrize("blank", ["   ", "\n\n", "\t", "\u00a0"])
def test_o22_blanks_are_no_name_of_a_client(blank: str, owner_a: Member) -> None:
    browser = Client()
    browser.force_login(owner_a.user)
    answer = browser.post(f"/p/{owner_a.practice.slug}/clients/new/", {"name": blank, "sector": ""})
    assert answer.status_code in {200, 422}
    assert "This field is required" in answer.content.decode()
