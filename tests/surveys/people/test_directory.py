"""The directory of a client: one line per person, corrections within limits, opt-outs that hold, no answer told."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.enums import Role
from practice.models import AuditEntry, ClientOrganisation, Member
from practice.scope import practice_scope
from surveys.enums import AudienceState, DeliveryState, Mode
from surveys.mail.sending import claim_batch
from surveys.models import Delivery, LedgerEntry, Recipient, Suppression, Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.practice import make_client, make_engagement, make_member
from tests.factories.surveys import make_wave

pytestmark = pytest.mark.django_db


class Desk:
    """A member's browser at the people of one client."""

    def __init__(self, owner: Member, member: Member | None = None) -> None:
        self.owner = owner
        with practice_scope(owner.practice):
            self.client: ClientOrganisation = make_client(owner, "Alpenbank")
        self.base = f"/p/{owner.practice.slug}/clients/{self.client.pk}/people/"
        self.browser = Client()
        self.browser.force_login((member or owner).user)

    def wave(self) -> Wave:
        with practice_scope(self.owner.practice):
            return make_wave(self.owner, make_engagement(self.owner, self.client))

    def add(self, wave: Wave, audience: str, email: str, **values: Any) -> Recipient:
        with practice_scope(self.owner.practice):
            row = WaveAudience.objects.get(wave=wave, audience=audience)
            return Recipient.objects.create(
                wave_audience=row, email=email, email_key=email.casefold(), **values
            )

    def launch(self, wave: Wave, mode: str = Mode.CONFIDENTIAL) -> None:
        with practice_scope(self.owner.practice):
            wave.audiences.filter(audience__in=["customers", "managers"]).update(mode=mode)
            launch_wave(wave=wave, actor=self.owner)

    def listed(self, **query: str) -> list[str]:
        page = self.browser.get(self.base, query)
        assert page.status_code == 200
        return [row["entry"].person.email for row in page.context["rows"]]

    def page(self, person: Recipient) -> Any:
        return self.browser.get(f"{self.base}{person.pk}/")

    def post(self, person: Recipient, act: str, **values: str) -> Any:
        return self.browser.post(f"{self.base}{person.pk}/{act}/", values, follow=True)


def test_one_line_per_person_over_all_engagements(owner_a: Member) -> None:
    desk = Desk(owner_a)
    first, second = desk.wave(), desk.wave()
    desk.add(first, "customers", "Ada@x.com", name="Ada Old", attributes={"Region": "Nord"})
    desk.add(second, "managers", "ada@x.com", name="Ada New", language="de", attributes={"Region": "Süd"})
    desk.add(second, "customers", "bob@x.com", name="Bob")
    elsewhere = Desk(owner_a)
    elsewhere.add(elsewhere.wave(), "customers", "zoe@x.com")
    page = desk.browser.get(desk.base)
    ada, bob = page.context["rows"]
    assert (ada["entry"].person.name, ada["audiences"]) == ("Ada New", "Customers, Managers")
    assert (ada["entry"].n_engagements, bob["entry"].n_engagements) == (2, 1)
    assert desk.listed() == ["ada@x.com", "bob@x.com"]


def test_the_directory_is_searched_and_narrowed(owner_a: Member) -> None:
    desk = Desk(owner_a)
    wave = desk.wave()
    desk.add(wave, "customers", "ada@x.com", name="Ada", attributes={"Region": "Nord", "a' b": "1"})
    desk.add(wave, "managers", "bob@x.com", name="Bob", language="de", attributes={"Region": "Süd"})
    with practice_scope(owner_a.practice):
        Suppression.objects.create(email_key="bob@x.com", reason="asked by phone")
    assert desk.listed(q="ADA@") == desk.listed(audience="customers") == ["ada@x.com"]
    assert desk.listed(language="de") == desk.listed(opted_out="yes") == ["bob@x.com"]
    assert desk.listed(opted_out="no") == desk.listed(attribute="a' b") == ["ada@x.com"]
    assert desk.listed(attribute="Region", value="sü") == ["bob@x.com"]
    assert desk.listed(attribute="Region") == ["ada@x.com", "bob@x.com"]
    assert desk.listed(attribute="%s\x00", value="x") == desk.listed(q="nobody") == []
    text = desk.browser.get(f"{desk.base}export/", {"language": "de"}).content.decode("utf-8-sig")
    _header, row = csv.reader(io.StringIO(text))
    assert row[:5] == ["bob@x.com", "Bob", "managers", "de", "Region: Süd"]
    assert row[5] > "2000"


def test_the_number_of_queries_does_not_grow(owner_a: Member) -> None:
    desk = Desk(owner_a)
    counts: dict[str, list[int]] = {"list": [], "person": []}
    for n in (1, 3):
        wave = desk.wave()
        for number in range(n):
            person = desk.add(wave, "customers", f"p{number}@x.com", attributes={"Region": "Nord"})
        for name, url in (("list", desk.base), ("person", f"{desk.base}{person.pk}/")):
            with CaptureQueriesContext(connection) as queries:
                assert desk.browser.get(url).status_code == 200
            counts[name].append(len(queries))
    for pair in counts.values():
        assert pair[0] == pair[1]


def test_of_confidential_audiences_only_the_invitation_is_shown(owner_a: Member) -> None:
    desk = Desk(owner_a)
    hidden, named = desk.wave(), desk.wave()
    person = desk.add(hidden, "customers", "ada@x.com", name="Ada")
    desk.add(named, "customers", "ada@x.com", name="Ada")
    desk.launch(hidden)
    desk.launch(named, Mode.NAMED)
    with practice_scope(owner_a.practice):
        LedgerEntry.objects.update(submitted=True)
        Delivery.objects.exclude(round="invitation").update(state=DeliveryState.CANCELLED)
    answer = desk.page(person)
    by_mode = {row["is_named"]: row for row in answer.context["history"]}
    assert [mail.round for mail in by_mode[False]["mails"]] == ["invitation"]
    assert by_mode[False]["has_answered"] is None
    assert len(by_mode[True]["mails"]) == 3
    assert by_mode[True]["has_answered"] is True
    with practice_scope(owner_a.practice):
        Wave.objects.filter(pk=named.pk).delete()
    html = desk.page(person).content.decode()
    assert "Confidential" in html
    assert "reminder:" not in html
    assert "Cancelled" not in html


def test_a_person_is_corrected_before_the_launch(owner_a: Member) -> None:
    desk = Desk(owner_a)
    person = desk.add(desk.wave(), "customers", "ada@x.com", name="Ada", attributes={"Region": "Nord"})
    desk.add(desk.wave(), "customers", "ada@x.com", name="Ada")
    answer = desk.post(
        person,
        "edit",
        **{"name": "Ada L.", "email": "Lovelace@X.com", "language": "DE", "attribute:Region": "Süd"},
    )
    assert answer.redirect_chain[-1][0] == f"{desk.base}{person.pk}/"
    with practice_scope(owner_a.practice):
        rows = Recipient.objects.values_list("name", "email", "email_key", "language", "attributes")
        expected = ("Ada L.", "Lovelace@x.com", "lovelace@x.com", "de", {"Region": "Süd"})
        assert list(rows) == [expected, expected]
        entry = AuditEntry.objects.get(verb="person.changed")
    assert entry.changed == ["attributes", "email", "email_key", "language", "name"]
    assert "Ada" not in entry.object_label


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("email", "nobody"),
        ("email", "bob@x.com"),
        ("language", "english"),
        ("name", "a\nb"),
        ("name", "x" * 201),
    ],
)
def test_wrong_corrections_are_said_at_their_field_and_change_nothing(
    field: str, text: str, owner_a: Member
) -> None:
    desk = Desk(owner_a)
    wave = desk.wave()
    person = desk.add(wave, "customers", "ada@x.com", name="Ada")
    desk.add(wave, "customers", "bob@x.com", name="Bob")
    answer = desk.post(
        person, "edit", **({"name": "Ada", "email": "ada@x.com", "language": "en"} | {field: text})
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with practice_scope(owner_a.practice):
        assert list(Recipient.objects.order_by("pk").values_list("name", flat=True)).count("Ada") == 1
        assert not AuditEntry.objects.filter(verb="person.changed").exists()


def test_address_and_attributes_stay_once_a_person_was_asked(owner_a: Member) -> None:
    desk = Desk(owner_a)
    running, over = desk.wave(), desk.wave()
    person = desk.add(running, "customers", "ada@x.com", name="Ada", attributes={"Region": "Nord"})
    desk.add(over, "customers", "ada@x.com", name="Ada")
    desk.launch(running)
    with practice_scope(owner_a.practice):
        over.audiences.update(state=AudienceState.CLOSED)
    values = {"name": "Ada L.", "email": "eve@x.com", "language": "de", "attribute:Region": "Süd"}
    desk.post(person, "edit", **values)
    with practice_scope(owner_a.practice):
        found = Recipient.objects.order_by("wave_audience__state")
        rows = list(found.values_list("name", "email", "language", "attributes"))
    assert sorted(rows, key=lambda row: row[0]) == [
        ("Ada", "ada@x.com", "en", {}),
        ("Ada L.", "ada@x.com", "de", {"Region": "Nord"}),
    ]
    with practice_scope(owner_a.practice):
        running.audiences.update(state=AudienceState.CLOSED)
    assert "over" in str(desk.post(person, "edit", name="Eve", language="en").context["form"].errors)


def test_an_opt_out_is_recorded_once_and_lifted_with_reasons(owner_a: Member) -> None:
    desk = Desk(owner_a)
    person = desk.add(desk.wave(), "customers", "Ada@X.com", name="Ada")
    assert desk.post(person, "opt-out", reason=" ").status_code == 422
    assert "by phone" in desk.post(person, "opt-out", reason="asked by phone").content.decode()
    desk.post(person, "opt-out", reason="again")
    with practice_scope(owner_a.practice):
        assert list(Suppression.objects.values_list("email_key", "reason")) == [
            ("ada@x.com", "asked by phone")
        ]
    assert "Record opt-out" in desk.post(person, "opt-out/lift", reason="wants to take part").content.decode()
    with practice_scope(owner_a.practice):
        assert not Suppression.objects.exists()
        kept = list(
            AuditEntry.objects.filter(verb__startswith="person.")
            .order_by("pk")
            .values_list("verb", "object_label")
        )
    assert kept == [
        ("person.opted_out", f"{desk.client.name}: asked by phone"),
        ("person.opt_out_lifted", f"{desk.client.name}: wants to take part"),
    ]


def test_who_opted_out_is_never_invited_or_reminded(owner_a: Member) -> None:
    desk = Desk(owner_a)
    wave = desk.wave()
    ada, bob = (desk.add(wave, "customers", f"{name}@x.com") for name in ("ada", "bob"))
    desk.post(ada, "opt-out", reason="asked by phone")
    desk.launch(wave)
    with practice_scope(owner_a.practice):
        claimed = claim_batch(ada.wave_audience_id)
        assert claimed is not None
        assert [mail.recipient_id for mail in claimed] == [bob.pk]
        assert Delivery.objects.get(recipient=ada, round="invitation").state == DeliveryState.SUPPRESSED


def test_analysts_read_and_viewers_see_nothing(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    desk = Desk(owner_a, analyst)
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, desk.client)
    person = desk.add(desk.wave(), "customers", "ada@x.com", name="Ada")
    assert desk.listed() == ["ada@x.com"]
    html = desk.page(person).content.decode()
    assert "Record opt-out" not in html
    assert desk.post(person, "opt-out", reason="x").status_code == 403
    assert desk.post(person, "edit", name="x", language="en").status_code == 403
    desk.browser.force_login(viewer.user)
    assert desk.browser.get(desk.base).status_code == 403
