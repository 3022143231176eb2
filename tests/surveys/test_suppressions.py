"""The suppression list: searched, added to, lifted with a reason, exported; and the list above the practices."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.enums import Role
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.barred import bar, barred_among
from surveys.enums import DeliveryState, HoldReason, SuppressionSource
from surveys.mail import sending
from surveys.models import Delivery, Suppression, WaveAudience
from surveys.services import suppressions
from tests.factories.practice import make_member
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(owner: Member, more: str = "") -> str:
    return f"/p/{owner.practice.slug}/settings/suppressions/{more}"


def fill(owner: Member, n: int) -> None:
    with practice_scope(owner.practice):
        for number in range(n):
            source = list(SuppressionSource)[number % 4]
            suppressions.suppress(f"p{number}@example.org", source=source, reason=f"why {number}", actor=None)


def test_an_address_is_added_found_exported_and_lifted(owner_a: Member) -> None:
    fill(owner_a, 8)
    browser = signed_in(owner_a)
    added = {"email": " Ann@EXAMPLE.org ", "reason": "asked by phone"}
    assert browser.post(url(owner_a), added).status_code == 302
    found = browser.get(url(owner_a), {"q": "ANN@"}).context["page"].object_list
    assert [(row.email_key, row.source, row.reason) for row in found] == [
        ("ann@example.org", "by_hand", "asked by phone")
    ]
    bounced = browser.get(url(owner_a), {"source": "bounced"}).context["page"].object_list
    assert {row.source for row in bounced} == {"bounced"}
    lines = browser.get(url(owner_a, "export/"), {"q": "ann"}).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "email,source,reason,since"
    assert lines[1].startswith("ann@example.org,by_hand,asked by phone,")
    row = found[0]
    assert browser.get(url(owner_a, f"{row.pk}/lift/")).status_code == 200
    assert browser.post(url(owner_a, f"{row.pk}/lift/"), {"reason": " "}).status_code == 422
    assert browser.post(url(owner_a, f"{row.pk}/lift/"), {"reason": "a mistake"}).status_code == 302
    assert browser.get(url(owner_a, f"{row.pk}/lift/")).status_code == 404
    with practice_scope(owner_a.practice):
        assert not Suppression.objects.filter(email_key="ann@example.org").exists()
        verbs = list(AuditEntry.objects.values_list("verb", flat=True)[:2])
    assert verbs == ["address.allowed", "address.suppressed"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "a@localhost", "reason": "x"}, "email"),
        ({"email": "a@x.com,b@x.com", "reason": "x"}, "email"),
        ({"email": "", "reason": "x"}, "email"),
        ({"email": "a@x.com", "reason": "  "}, "reason"),
        ({"email": "a@x.com", "reason": "a\x00b"}, "reason"),
        ({"email": "a@x.com", "reason": "x" * 201}, "reason"),
    ],
)
def test_what_cannot_be_kept_is_named(fields: dict[str, str], field: str, owner_a: Member) -> None:
    answer = signed_in(owner_a).post(url(owner_a), fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_the_list_costs_the_same_for_few_and_many(owner_a: Member) -> None:
    browser = signed_in(owner_a)
    fill(owner_a, 1)
    browser.get(url(owner_a))
    with CaptureQueriesContext(connection) as few:
        browser.get(url(owner_a))
    fill(owner_a, 25)
    with CaptureQueriesContext(connection) as many:
        assert len(browser.get(url(owner_a)).context["page"].object_list) == 25
    assert len(few) == len(many)


def test_analysts_and_other_practices_do_not_see_it(owner_a: Member, owner_b: Member) -> None:
    fill(owner_a, 1)
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    assert signed_in(analyst).get(url(owner_a)).status_code == 403
    assert signed_in(owner_b).get(url(owner_a)).status_code == 404
    assert list(signed_in(owner_b).get(url(owner_b)).context["page"].object_list) == []


def test_a_barred_address_is_mailed_by_no_practice_and_says_nothing_of_the_other(
    owner_a: Member, owner_b: Member, settings: Any
) -> None:
    with practice_scope(owner_b.practice):
        make_launched_wave(owner_b, customers=3)
        audience = WaveAudience.objects.get(audience="customers")
        email = audience.recipients.first().email_key
    with practice_scope(owner_a.practice):
        suppressions.suppress(
            email, source=SuppressionSource.COMPLAINED, reason="x", actor=None, everywhere=True
        )
    with scripted_server(settings, Script()) as script:
        assert sending.send_due(owner_b.practice_id, audience.pk) == 2
    assert email not in {to for to, _content in script.mails}
    with practice_scope(owner_b.practice):
        row = Delivery.objects.get(round="invitation", recipient__email_key=email)
        assert (row.state, row.hold) == (DeliveryState.SUPPRESSED, HoldReason.EVERYWHERE)
        assert not Suppression.objects.exists()


@pytest.mark.parametrize("act", ["SELECT count(*) FROM", "DELETE FROM", "TRUNCATE"])
def test_nobody_lists_barred_addresses(act: str, scope_a: Any) -> None:
    bar("ann@example.org")
    bar("ann@example.org")
    assert barred_among(["ann@example.org", "bob@example.org"]) == {"ann@example.org"}
    assert barred_among([]) == set()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(f"{act} surveys_barredaddress")


def test_only_complaints_to_the_installation_bar_everywhere(scope_a: Any, owner_a: Member) -> None:
    suppressions.suppress("ann@example.org", source=SuppressionSource.COMPLAINED, reason="x", actor=None)
    assert barred_among(["ann@example.org"]) == set()
