"""One click, no cookie, and no further mail; a look at the page changes nothing."""

import base64
import secrets
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from practice.models import AuditEntry, Engagement, Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, HoldReason, SuppressionSource
from surveys.links import unsubscribe_target, unsubscribe_token
from surveys.mail import sending
from surveys.models import Delivery, Recipient, Suppression, Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.practice import make_engagement
from tests.factories.surveys import make_wave
from tests.surveys.mail.lint import lint
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Rounds:
    """Waves of one practice that ask the same people again and again, every mail due at once."""

    def __init__(self, owner: Member, n: int):
        self.owner = owner
        self.emails = [f"person{number}@example.org" for number in range(n)]
        owner.practice.mails_per_week = 50
        with practice_scope(owner.practice):
            owner.practice.save()
            self.engagements = [make_engagement(owner) for _time in range(4)]

    def ask(self, engagement: Engagement, script: Script) -> list[bytes]:
        """Launch a wave with everybody and send all its mails; returns them."""
        with practice_scope(self.owner.practice):
            wave = make_wave(self.owner, engagement)
            audience = WaveAudience.objects.get(wave=wave, audience="customers")
            people = [Recipient(wave_audience=audience, email=one, email_key=one) for one in self.emails]
            Recipient.objects.bulk_create(people)
            launch_wave(wave=wave, actor=self.owner)
            Delivery.objects.filter(wave_audience=audience).update(due_at=timezone.now())
        before = len(script.mails)
        sending.send_due(self.owner.practice_id, audience.pk)
        return [content for _to, content in script.mails[before:]]


def link_of(mail: bytes) -> str:
    return str(lint(mail)["List-Unsubscribe"]).split(",")[0].strip("<>")


def path_of(mail: bytes) -> str:
    return "/" + link_of(mail).split("/", 3)[3]


def rows_of_everything() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall() if row[0] != "surveys_barredaddress"]
        prints = []
        for table in tables:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t"  # noqa: S608  names of tables
            )
            prints.append(str(cursor.fetchone()))
    return "\n".join(prints)


def test_p14_one_click_ends_all_mails_of_the_next_three_waves(owner_a: Member, settings: Any) -> None:
    rounds = Rounds(owner_a, 12)
    with scripted_server(settings, Script()) as script:
        mails = rounds.ask(rounds.engagements[0], script)
        assert len(mails) == 12 * 3
        by_person = {str(lint(mail)["To"]): path_of(mail) for mail in mails}
        assert len(set(by_person.values())) == 12
        browser = Client(enforce_csrf_checks=True)
        leaving = rounds.emails[:5]
        for email in leaving:
            with practice_scope(owner_a.practice):
                before = rows_of_everything()
                for answer in (browser.get(by_person[email]), browser.head(by_person[email])):
                    assert answer.status_code == 200
                assert rows_of_everything() == before
            answer = browser.post(by_person[email], ONE_CLICK)
            assert answer.status_code == 200
            assert not answer.cookies
        for engagement in rounds.engagements[1:]:
            sent = rounds.ask(engagement, script)
            assert {str(lint(mail)["To"]) for mail in sent} == set(rounds.emails[5:])
            assert len(sent) == 7 * 3
    with practice_scope(owner_a.practice):
        held = Delivery.objects.filter(recipient__email_key__in=leaving, state=DeliveryState.SUPPRESSED)
        assert held.count() == 5 * 9
        assert set(held.values_list("hold", flat=True)) == {HoldReason.UNSUBSCRIBED}


def test_a_second_click_says_the_same_and_is_recorded_once(owner_a: Member, settings: Any) -> None:
    rounds = Rounds(owner_a, 1)
    with scripted_server(settings, Script()) as script:
        path = path_of(rounds.ask(rounds.engagements[0], script)[0])
    answers = [Client().post(path, ONE_CLICK) for _time in range(2)]
    assert answers[0].content == answers[1].content
    assert "You will not be asked again" in answers[0].content.decode()
    with practice_scope(owner_a.practice):
        assert Suppression.objects.get().source == SuppressionSource.UNSUBSCRIBED
        entry = AuditEntry.objects.get(verb="address.suppressed")
        assert rounds.emails[0] not in str(vars(entry))


def test_another_practice_goes_on(owner_a: Member, owner_b: Member, settings: Any) -> None:
    first, second = Rounds(owner_a, 1), Rounds(owner_b, 1)
    with scripted_server(settings, Script()) as script:
        Client().post(path_of(first.ask(first.engagements[0], script)[0]), ONE_CLICK)
        assert len(second.ask(second.engagements[0], script)) == 3


def test_made_up_links_are_the_page_of_an_unknown_link_and_change_nothing(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        person = make_person(owner_a)
        right = unsubscribe_token(person.pk)
        assert unsubscribe_target(right) == (owner_a.practice_id, person.pk)
        raw = base64.urlsafe_b64decode(right + "=")
        turned = base64.urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode().rstrip("=")
        other_id = base64.urlsafe_b64encode(raw[:15] + bytes([raw[15] ^ 1]) + raw[16:]).decode().rstrip("=")
    unknown = Client().get("/s/nothing/").content
    wrong = [
        turned,
        other_id,
        right[:-1],
        right + "A",
        "preview",
        "x" * 10_000,
        "é" * 43,
        secrets.token_urlsafe(32),
    ]
    for token in wrong:
        for answer in (Client().get(f"/s/u/{token}/"), Client().post(f"/s/u/{token}/", ONE_CLICK)):
            assert answer.status_code == 404
            assert answer.content == unknown
    with practice_scope(owner_a.practice):
        assert not Suppression.objects.exists()


def test_the_link_outlives_the_survey(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        person = make_person(owner_a)
        WaveAudience.objects.update(state="released", link_key=None)
    assert Client().post(f"/s/u/{unsubscribe_token(person.pk)}/", ONE_CLICK).status_code == 200
    with practice_scope(owner_a.practice):
        assert Suppression.objects.get().email_key == person.email_key


def test_a_test_mail_unsubscribes_nobody(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        person = make_person(owner_a)
        Wave.objects.update(kind="test")
    answer = Client().post(f"/s/u/{unsubscribe_token(person.pk)}/", ONE_CLICK)
    assert answer.status_code == 200
    with practice_scope(owner_a.practice):
        assert not Suppression.objects.exists()


def make_person(owner: Member) -> Recipient:
    wave = make_wave(owner)
    audience = WaveAudience.objects.get(wave=wave, audience="customers")
    return Recipient.objects.create(wave_audience=audience, email="p@example.org", email_key="p@example.org")
