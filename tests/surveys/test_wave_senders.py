"""The sender of a wave: chosen before the launch, by page and API, and said plainly where it is not in order."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from practice import senders
from practice.enums import Role
from practice.exceptions import WrongStateError
from practice.models import AuditEntry, Member, SenderIdentity
from practice.scope import practice_scope
from practice.sender_dns import BAD, OK, WARN, Finding, as_result
from surveys.mail.senders import identity_for
from surveys.models import Wave
from surveys.services.launch import launch_wave
from surveys.services.plan import choose_sender
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db
FOUND = {
    "spf": Finding("spf", OK, "spf.may", {"host": "mail.alder.example", "domain": "alder.example"}),
    "dkim": Finding("dkim", OK, "dkim.signs", {"selector": "crmgap", "domain": "alder.example"}),
    "dmarc": Finding("dmarc", WARN, "dmarc.none", {"domain": "alder.example"}),
}


@pytest.fixture
def wave(owner_a: Member, settings: Any) -> Wave:
    settings.SMTP_HOST = "127.0.0.1"
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 8)
    return wave


def own_sender(name: str, *found: Finding, verified: bool = True) -> SenderIdentity:
    """Make an own SMTP account whose domain was looked up (scope must be open)."""
    sender: SenderIdentity = SenderIdentity.objects.create(
        kind="smtp",
        from_name=name,
        from_address="survey@alder.example",
        host="mail.alder.example",
        verified_at=timezone.now() if verified else None,
        dns_result=as_result(list({**FOUND, **{one.topic: one for one in found}}.values())),
        dns_checked_at=timezone.now(),
    )
    return sender


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(owner: Member, wave: Wave, more: str) -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/{more}"


def test_a_wave_takes_the_default_until_another_sender_is_chosen(owner_a: Member, wave: Wave) -> None:
    browser, page = signed_in(owner_a), url(owner_a, wave, "launch/")
    with practice_scope(owner_a.practice):
        usual, other = own_sender("Alder Research"), own_sender("Birch Panel")
        senders.set_default_sender(usual, actor=owner_a)
    html = browser.get(page).content.decode()
    assert "As usual: Alder Research" in html
    assert "Birch Panel &lt;survey@alder.example&gt;" in html
    assert browser.post(f"{page}sender/", {"sender": str(other.pk)}).status_code == 302
    assert "From Birch Panel" in browser.get(page).content.decode()
    assert "From Birch Panel" in browser.get(f"{page}confirm/").content.decode()
    with practice_scope(owner_a.practice):
        assert AuditEntry.objects.filter(verb="wave.sender_chosen").count() == 1
        launched = launch_wave(wave=wave, actor=owner_a)
        assert launched.sender == other
        with pytest.raises(WrongStateError, match="launched"):
            choose_sender(wave, sender=usual, actor=owner_a)
    assert "Use this sender" not in browser.get(page).content.decode()


def test_an_empty_choice_is_the_default_again(owner_a: Member, wave: Wave) -> None:
    browser, page = signed_in(owner_a), url(owner_a, wave, "launch/sender/")
    with practice_scope(owner_a.practice):
        other = own_sender("Birch Panel")
    for asked in (str(other.pk), ""):
        browser.post(page, {"sender": asked})
    with practice_scope(owner_a.practice):
        assert identity_for(Wave.objects.get(pk=wave.pk)) is None
    assert browser.post(page, {"sender": "nonsense"}).status_code == 404


def test_an_unverified_sender_is_refused_and_stops_the_launch_page(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        sender = own_sender("Alder Research", verified=False)
        with pytest.raises(WrongStateError, match="Verify"):
            choose_sender(wave, sender=sender, actor=owner_a)
        Wave.objects.filter(pk=wave.pk).update(sender=sender)
        consultant = make_member(owner_a, Role.CONSULTANT)
    settings_url = f"/p/{owner_a.practice.slug}/settings/mail/senders/{sender.pk}/"
    for path in ("launch/", "field/"):
        html = signed_in(owner_a).get(url(owner_a, wave, path)).content.decode()
        assert "Mails from Alder Research do not leave." in html
        assert settings_url in html
    html = signed_in(consultant).get(url(owner_a, wave, "launch/")).content.decode()
    assert "Not ready yet" in html
    assert "The sender Alder Research is not verified." in html
    assert "An owner of the practice can settle this" in html
    assert settings_url not in html


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((), ""),
        ((Finding("dmarc", BAD, "dmarc.missing", {"domain": "alder.example"}),), "DMARC: none set."),
        (
            (Finding("dkim", WARN, "dkim.no_key", {"domain": "alder.example"}),),
            "DKIM: there is no key",
        ),
        (
            (Finding("spf", BAD, "spf.broken", {"domain": "alder.example", "why": "?"}),),
            "SPF: the record",
        ),
    ],
)
def test_words_of_the_domain_stand_above_launch_and_field(
    found: tuple[Finding, ...], words: str, owner_a: Member, wave: Wave
) -> None:
    with practice_scope(owner_a.practice):
        choose_sender(wave, sender=own_sender("Alder Research", *found), actor=owner_a)
    browser = signed_in(owner_a)
    for path in ("launch/", "field/"):
        html = browser.get(url(owner_a, wave, path)).content.decode()
        assert ("may be taken for spam" in html) is bool(words)
        assert words in html
        assert "DMARC: set for" not in html
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
    assert words in browser.get(url(owner_a, wave, "field/")).content.decode()


def test_a_domain_never_looked_up_and_a_missing_server_are_said(
    owner_a: Member, wave: Wave, settings: Any
) -> None:
    browser, page = signed_in(owner_a), url(owner_a, wave, "launch/")
    assert "do not leave" not in browser.get(page).content.decode()
    settings.SMTP_HOST = ""
    assert "This installation has no mail server" in browser.get(page).content.decode()
    with practice_scope(owner_a.practice):
        sender = own_sender("Alder Research")
        SenderIdentity.objects.update(dns_result={})
        choose_sender(wave, sender=sender, actor=owner_a)
    assert "were not looked up yet" in browser.get(page).content.decode()


def test_the_api_shows_and_chooses_the_sender(owner_a: Member, owner_b: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        other = own_sender("Birch Panel", Finding("dmarc", BAD, "dmarc.missing", {"domain": "x.example"}))
        waiting = own_sender("Waiting", verified=False)
        analyst = make_member(owner_a, Role.ANALYST)
    call, path = caller(owner_a), f"waves/{wave.pk}/sender/"
    before = call("GET", path).json()
    assert (before["sender"], before["concerns"]) == (None, [])
    assert [(one["name"], one["is_ready"]) for one in before["choices"]] == [
        ("Birch Panel", True),
        ("Waiting", False),
    ]
    after = call("PUT", path, {"sender": str(other.pk)}).json()
    assert (after["sender"], after["address"]) == (str(other.pk), "survey@alder.example")
    assert "DMARC: none set." in after["concerns"][0]
    assert call("PUT", path, {"sender": str(waiting.pk)}).status_code == 409
    assert call("PUT", path, {"sender": "x"}).status_code == 422
    assert caller(owner_a, analyst)("PUT", path, {"sender": None}).status_code == 403
    assert caller(owner_b)("GET", path).status_code == 404
    with practice_scope(owner_b.practice):
        foreign = own_sender("Foreign")
    assert call("PUT", path, {"sender": str(foreign.pk)}).status_code == 404
