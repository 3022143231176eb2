"""SPF, DKIM and DMARC in words, asked of a real name server."""

import ipaddress
from typing import Any

import pytest

from practice import senders
from practice.dns_names import Names
from practice.models import AuditEntry, Member
from practice.sender_dns import DKIM, Finding, as_result, check_domain, findings_of, is_found
from practice.spf import SpfError, result_for
from tests.practice.name_server import name_server

DOMAIN, HOST = "alder.example", "mail.alder.example"
A = {(HOST, "A"): ["192.0.43.8"]}
KEY = "v=DKIM1; k=rsa; p=MIIBIjANBgkq"


def txt(name: str, *texts: str) -> dict[tuple[str, str], list[str]]:
    return {(name, "TXT"): [f'"{text}"' for text in texts]}


def look(settings: Any, records: dict[tuple[str, str], list[str]], **more: Any) -> dict[str, Finding]:
    asked = {"kind": "smtp", "host": HOST, "selector": "crmgap", "public_key": KEY, **more}
    with name_server(settings, records):
        return {found.topic: found for found in check_domain(DOMAIN, **asked)}


def test_everything_in_place_is_said_in_words(settings: Any) -> None:
    records = A | txt(DOMAIN, f"v=spf1 a:{HOST} -all") | txt(f"crmgap._domainkey.{DOMAIN}", KEY)
    found = look(settings, records | txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=reject"))
    assert [row.state for row in found.values()] == ["ok"] * 3
    assert [row.words for row in found.values()] == [
        "SPF: mail.alder.example may send for alder.example.",
        "DKIM: the key crmgap is published; mails are signed as alder.example.",
        "DMARC: set for alder.example; receivers refuse mail that is not yours (p=reject).",
    ]
    kept = as_result(list(found.values()))
    assert findings_of(kept) == list(found.values())
    assert is_found(kept, DKIM)


def test_nothing_in_place_names_the_records_to_add(settings: Any) -> None:
    found = look(settings, A, reports_to="post@alder.example")
    assert {topic: row.state for topic, row in found.items()} == {"spf": "bad", "dkim": "bad", "dmarc": "bad"}
    assert (found["spf"].record_name, found["spf"].record) == (DOMAIN, f"v=spf1 a:{HOST} ~all")
    assert (found["dkim"].record_name, found["dkim"].record) == (f"crmgap._domainkey.{DOMAIN}", KEY)
    assert found["dmarc"].record == "v=DMARC1; p=none; rua=mailto:post@alder.example"
    assert "none set" in found["spf"].words
    assert not is_found(as_result(list(found.values())), DKIM)


@pytest.mark.parametrize(
    ("record", "state", "proposed"),
    [
        ("v=spf1 ip4:192.0.43.0/24 -all", "ok", ""),
        ("v=spf1 mx -all", "bad", f"v=spf1 mx a:{HOST} -all"),
        ("v=spf1 include:far.example ~all", "bad", f"v=spf1 include:far.example a:{HOST} ~all"),
        ("v=spf1 include:near.example -all", "ok", ""),
        ("v=spf1 redirect=near.example", "ok", ""),
        ("v=spf1 -ip4:192.0.43.8 +all", "bad", f"v=spf1 -ip4:192.0.43.8 a:{HOST} +all"),
        ("v=spf1 ip4:nonsense -all", "bad", ""),
        ("v=spf1 include:loop.example -all", "bad", ""),
        ("v=spf1 exists:%{i}.alder.example -all", "bad", ""),
    ],
)
def test_spf_is_evaluated(record: str, state: str, proposed: str, settings: Any) -> None:
    more = txt("near.example", "v=spf1 ip4:192.0.43.8 -all") | txt("far.example", "v=spf1 ip4:192.0.2.1 -all")
    found = look(
        settings, A | txt(DOMAIN, record) | more | txt("loop.example", "v=spf1 include:loop.example")
    )
    assert found["spf"].state == state
    assert found["spf"].record == proposed


def test_a_server_named_by_its_address_is_proposed_as_one(settings: Any) -> None:
    assert look(settings, {}, host="192.0.43.8")["spf"].record == "v=spf1 ip4:192.0.43.8 ~all"


def test_two_spf_records_are_none(settings: Any) -> None:
    found = look(settings, A | txt(DOMAIN, "v=spf1 -all", "v=spf1 +all"))
    assert (found["spf"].code, found["spf"].state) == ("spf.broken", "bad")


def test_spf_of_both_kinds_of_address(settings: Any) -> None:
    records = txt(DOMAIN, "v=spf1 a:v6.example/24//64 -all") | {("v6.example", "AAAA"): ["2620:0:2d0:200::1"]}
    with name_server(settings, records):
        inside, outside = ipaddress.ip_address("2620:0:2d0:200::8"), ipaddress.ip_address("2620:0:2d0:201::8")
        assert [result_for(Names(), DOMAIN, one) for one in (inside, outside)] == ["pass", "fail"]


def test_more_than_ten_look_ups_break_the_rules(settings: Any) -> None:
    names = " ".join(f"a:n{number}.example" for number in range(11))
    with name_server(settings, txt(DOMAIN, f"v=spf1 {names} -all")), pytest.raises(SpfError):
        result_for(Names(), DOMAIN, ipaddress.ip_address("192.0.43.8"))


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none"), "dmarc.none"),
        (txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=quarantine"), "dmarc.quarantine"),
        (txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=perhaps"), "dmarc.broken"),
        (txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none", "v=DMARC1; p=reject"), "dmarc.broken"),
        (txt(f"_dmarc.{DOMAIN}", "something else"), "dmarc.missing"),
    ],
)
def test_dmarc_is_read(records: dict[tuple[str, str], list[str]], code: str, settings: Any) -> None:
    assert look(settings, A | records)["dmarc"].code == code


@pytest.mark.parametrize(
    ("key", "code"), [("v=DKIM1; p=", "dkim.missing"), ("v=DKIM1; p=OTHER", "dkim.other")]
)
def test_another_or_withdrawn_key_is_told(key: str, code: str, settings: Any) -> None:
    found = look(settings, A | txt(f"crmgap._domainkey.{DOMAIN}", key))["dkim"]
    assert (found.code, found.record) == (code, KEY)


def test_a_provider_is_looked_for_by_its_names(settings: Any) -> None:
    asked = {"kind": "mailgun", "host": "Mailgun", "selector": "", "public_key": ""}
    nothing = look(settings, A, **asked)
    assert nothing["spf"].record == "v=spf1 include:mailgun.org ~all"
    assert nothing["dkim"].code == "dkim.no_provider"
    records = txt(DOMAIN, "v=spf1 include:mailgun.org ~all") | txt(f"mx._domainkey.{DOMAIN}", "k=rsa; p=X")
    found = look(settings, records, **asked)
    assert [found["spf"].state, found["dkim"].state] == ["ok", "ok"]
    assert found["dkim"].values["selector"] == "mx"


def test_a_server_inside_is_not_judged(settings: Any) -> None:
    assert look(settings, {(HOST, "A"): ["10.0.0.5"]})["spf"].code == "spf.private"


def test_without_an_answer_nothing_is_claimed(settings: Any) -> None:
    with name_server(settings, {}, refuses=True):
        found = check_domain(DOMAIN, kind="smtp", host=HOST, selector="x", public_key=KEY)
    assert {row.state for row in found} == {"unknown"}
    assert "gave no answer" in found[0].words


@pytest.mark.django_db
def test_an_identity_keeps_what_was_found_until_its_address_changes(
    scope_a: Any, owner_a: Member, settings: Any
) -> None:
    fields = {"kind": "smtp", "from_name": "Alder", "from_address": f"survey@{DOMAIN}", "host": "192.0.43.8"}
    sender = senders.create_sender(actor=owner_a, **fields, port=587, security="starttls")
    senders.make_dkim_key(sender, actor=owner_a)
    record = senders.dkim_record_of(sender)
    name = f"{sender.dkim_selector}._domainkey.{DOMAIN}"
    halves = f'"{record[:200]}" "{record[200:]}"'
    with name_server(settings, {(name, "TXT"): [halves]}):
        senders.check_dns(sender, actor=owner_a)
    sender.refresh_from_db()
    assert is_found(sender.dns_result, DKIM)
    assert AuditEntry.objects.first().verb == "sender.domain_checked"
    changed = fields | {"from_address": "survey@birch.example", "port": 587, "security": "starttls"}
    senders.update_sender(sender, actor=owner_a, **changed)
    assert not is_found(sender.dns_result, DKIM)
