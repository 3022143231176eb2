"""Mail texts and their preview: data never code, warned of and refused, one language per person, nothing changed."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys import links
from surveys.enums import DeliveryState, Round
from surveys.mail.message import mail_bytes
from surveys.mail.texts import PLACEHOLDERS, default_text, language_of, text_for
from surveys.models import Delivery, Recipient, Wave, WaveAudience
from surveys.services import plan
from surveys.services.launch import launch_wave
from surveys.services.preview import NO_TOKEN, preview_of
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db
WHERE = {"audience": "customers", "round_code": "invitation", "language": "en"}
TEXT = {"subject": "About {company}", "body": "Dear {name},\n\nplease answer:\n\n{link}\n\nThank you"}


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 6)
        return wave


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def base_of(owner: Member, wave: Wave) -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/launch/texts/"


@pytest.mark.parametrize("audience", ["customers", "managers", "front_line", "crm_team", "partners"])
@pytest.mark.parametrize("round_code", list(Round))
def test_every_built_in_text_can_be_sent(audience: str, round_code: str) -> None:
    text = default_text(audience, round_code, "en")
    assert "{link}" in text.body.split("\n\n")
    assert "\n" not in text.subject
    says = "What your employer sees" in text.body
    assert says == (audience in {"front_line", "crm_team"})


def test_a_language_without_texts_is_read_in_its_own_family_or_english() -> None:
    assert [language_of(code) for code in ("en", "EN", "en-gb", "xx", "")] == ["en"] * 5


def test_a_text_is_written_previewed_and_given_back(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(owner_a, wave)
    assert b"chip-ok" not in browser.get(base).content
    page = f"{base}customers/invitation/en/"
    assert browser.post(page, TEXT).status_code == 302
    assert b"chip-ok" in browser.get(base).content
    shown = browser.get(page).content.decode()
    assert "About Alpenbank" in shown
    assert all(f"{{{name}}}</code>" in shown for name in PLACEHOLDERS)
    assert browser.post(page, {"reset": "1"}).status_code == 302
    assert b"chip-ok" not in browser.get(base).content
    with practice_scope(owner_a.practice):
        verbs = list(AuditEntry.objects.filter(verb__startswith="wave.text").values_list("verb", flat=True))
        assert sorted(verbs) == ["wave.text_changed", "wave.text_reset"]


def test_what_cannot_be_sent_is_warned_of_and_stops_the_launch(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(owner_a, wave)
    page = f"{base}customers/reminder_1/en/"
    assert browser.post(page, {"subject": "Hi", "body": "Dear {nmae}"}).status_code == 302
    shown = browser.get(page).content.decode()
    assert "{nmae}" in shown
    assert "no link" in shown
    plan_page = browser.get(base.replace("texts/", "")).content.decode()
    assert "Not ready yet" in plan_page
    assert "{nmae}" in plan_page
    with practice_scope(owner_a.practice), pytest.raises(InvalidInputError):
        launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner_a)


@pytest.mark.parametrize(
    "fields",
    [{"subject": "", "body": "{link}"}, {"subject": "a\nb", "body": "{link}"}, {"subject": "x" * 201, "body": "{link}"},
     {"subject": "Hi", "body": ""}, {"subject": "Hi", "body": "x" * 5_001}, {"subject": "\x00", "body": "{link}"}],
)  # fmt: skip
def test_subjects_and_bodies_out_of_bounds_are_refused(
    fields: dict[str, str], owner_a: Member, wave: Wave
) -> None:
    browser, page = signed_in(owner_a), f"{base_of(owner_a, wave)}customers/invitation/en/"
    answer = browser.post(page, fields)
    if fields["subject"] == "a\nb":  # browsers take line ends out of one-line fields, and so do we
        assert answer.status_code in {302, 422}
    else:
        assert answer.status_code == 422
    with practice_scope(owner_a.practice):
        own = text_for(Wave.objects.get(pk=wave.pk), "customers", "invitation").subject
    assert "\n" not in own


@pytest.mark.parametrize("where", ["nobody/invitation/en", "customers/third/en", "customers/invitation/xx"])
def test_mails_that_do_not_exist_are_not_found(where: str, owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(owner_a, wave)
    assert [browser.get(f"{base}{where}/{more}").status_code for more in ("", "frame/", "source/")] == [
        404
    ] * 3


def test_an_analyst_reads_and_does_not_write(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    browser, page = signed_in(analyst), f"{base_of(owner_a, wave)}customers/invitation/en/"
    assert "Save the text" not in browser.get(page).content.decode()
    assert browser.post(page, TEXT).status_code == 403


def test_after_the_launch_only_what_has_not_begun_to_leave_changes(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        launched = launch_wave(wave=wave, actor=owner_a)
        plan.set_text(launched, actor=owner_a, **WHERE, **TEXT)  # nothing has left yet
        reminder = {**WHERE, "round_code": "reminder_1"}
        Delivery.objects.filter(round="invitation").update(state=DeliveryState.SENDING)
        with pytest.raises(WrongStateError):
            plan.set_text(launched, actor=owner_a, **WHERE, **TEXT)
        plan.set_text(launched, actor=owner_a, **reminder, **TEXT)
        with pytest.raises(InvalidInputError):
            plan.set_text(launched, actor=owner_a, **reminder, subject="Hi", body="no way in")


def test_the_preview_is_to_the_byte_what_is_sent_but_for_the_link(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        plan.set_text(wave, actor=owner_a, **WHERE, **TEXT)
        launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner_a)
        for code in ("invitation", "reminder_1"):
            delivery = Delivery.objects.filter(round=code).first()
            assert delivery is not None
            audience = WaveAudience.objects.get(pk=delivery.wave_audience_id)
            token = links.token_for(audience, delivery.recipient)
            found = preview_of(audience, round_code=code, person=delivery.recipient)
            sent = mail_bytes(Delivery.objects.get(pk=delivery.pk))
            plain = sent.replace(b"=\r\n", b"")
            leaving = links.unsubscribe_token(delivery.recipient_id)
            plain = plain.replace(token.encode(), NO_TOKEN.encode()).replace(leaving.encode(), b"preview")
            assert found.source.replace(b"=\r\n", b"") == plain
            assert token.encode() not in found.source


def test_looking_changes_nothing(owner_a: Member, wave: Wave) -> None:
    browser, page = signed_in(owner_a), f"{base_of(owner_a, wave)}customers/invitation/en/"
    with practice_scope(owner_a.practice):
        person = Recipient.objects.get(pk=add_people(wave, "customers", 1)[0].pk)
        Recipient.objects.filter(pk=person.pk).update(name="<b>Zoë</b> & Co")
    answers = [browser.get(f"{page}{more}?person={person.pk}") for more in ("", "frame/", "source/")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "&lt;b&gt;Zoë&lt;/b&gt; &amp; Co" in answers[1].content.decode()
    assert NO_TOKEN in answers[1].content.decode()
    assert "unsafe-inline" not in answers[1]["Content-Security-Policy"]
    with practice_scope(owner_a.practice):
        assert not Delivery.objects.exists()
        found = signed_in(owner_a).get(f"{page}?q=zoë").content.decode()
        assert str(person.pk) in found
        other = make_wave(owner_a)
        stranger = add_people(other, "customers", 1)[0]
    assert browser.get(f"{page}?person={stranger.pk}").status_code == 404
    assert browser.get(f"{page}?person=nobody").status_code == 404


def test_own_texts_of_all_languages_reach_their_readers(owner_a: Member, wave: Wave, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "Français")]
    with practice_scope(owner_a.practice):
        french = {"subject": "Votre avis", "body": "Bonjour {name}\n\n{link}"}
        plan.set_text(wave, actor=owner_a, **{**WHERE, "language": "fr"}, **french)
        people = list(Recipient.objects.filter(wave_audience__wave=wave))
        Recipient.objects.filter(pk=people[0].pk).update(language="fr-ch")
        launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner_a)
        subjects = {}
        for delivery in Delivery.objects.filter(round="invitation").select_related("recipient"):
            subjects[delivery.recipient_id] = mail_bytes(delivery).split(b"\r\n")[0]
    assert subjects.pop(people[0].pk) == b"Subject: Votre avis"
    assert {subject[-16:] for subject in subjects.values()} == {b"your view counts"}


def test_the_pages_cost_the_same_for_every_size(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(owner_a, wave)
    counts: dict[str, set[int]] = {"": set(), "customers/invitation/en/": set()}
    for _size in range(2):
        for page, found in counts.items():
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"{base}{page}")
            found.add(len(queries))
        with practice_scope(owner_a.practice):
            for audience in ("customers", "managers", "front_line"):
                add_people(wave, audience, 9)
            plan.set_text(Wave.objects.get(pk=wave.pk), actor=owner_a, **WHERE, **TEXT)
    assert [len(found) for found in counts.values()] == [1, 1]


def test_texts_and_preview_by_api(owner_a: Member, wave: Wave) -> None:
    call, place = caller(owner_a), f"waves/{wave.pk}/texts/customers/invitation/en/"
    listed = call("GET", f"waves/{wave.pk}/texts/").json()
    assert len(listed) == 4 * 4 * len(settings.LANGUAGES)
    assert not any(row["is_own"] or row["unknown"] for row in listed)
    written = call("PUT", place, {**TEXT, "body": TEXT["body"] + " {nmae}"})
    assert (written.status_code, written.json()["unknown"]) == (200, ["{nmae}"])
    assert call("POST", f"waves/{wave.pk}/launch/").status_code == 422
    preview = call("GET", f"{place}preview/").json()
    assert preview["subject"].startswith("About Alpenbank")
    assert NO_TOKEN in preview["raw"].replace("=\r\n", "")
    assert call("DELETE", place).json()["is_own"] is False
    assert call("PUT", place.replace("customers", "nobody"), TEXT).status_code == 422
    assert call("GET", f"{place}preview/?{urlencode({'person': wave.pk})}").status_code == 404
