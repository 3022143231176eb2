"""Bounces stop mails, forged ones do not: signed names, suppression, later rounds, and what may be known of whom."""

import random
from collections import Counter
from email import message_from_bytes
from typing import Any

import pytest
from django.utils import timezone

from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, Mode, Round
from surveys.mail import sending
from surveys.mail.message import message_id_of
from surveys.mail.return_path import deliveries_named_in, is_signed, name_of, sender_for
from surveys.models import Delivery, Suppression, WaveAudience
from surveys.services.launch import launch_wave
from surveys.services.returned import Taken, take_returned
from tests.factories.surveys import add_people, make_wave
from tests.surveys.mail.returns import forged, report_on
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
S = DeliveryState


class Mails:
    """One launched audience of customers whose invitations are all accepted."""

    def __init__(self, owner: Member, n: int = 6, mode: str = Mode.NAMED):
        self.practice_id, self.owner = owner.practice_id, owner
        with self.scope():
            wave = make_wave(owner)
            self.audience = WaveAudience.objects.get(wave=wave, audience="customers")
            WaveAudience.objects.filter(pk=self.audience.pk).update(mode=mode)
            add_people(wave, "customers", n)
            launch_wave(wave=wave, actor=owner)
            self.put(Round.INVITATION, S.ACCEPTED)

    def scope(self) -> Any:
        return practice_scope(self.practice_id)

    def put(self, round_code: str, state: str) -> None:
        """Bring all mails of a round into a state on the legal way, with their numbers."""
        rows = Delivery.objects.filter(wave_audience=self.audience, round=round_code).exclude(
            state=S.SUPPRESSED
        )
        rows.update(state=S.SENDING)
        if state != S.SENDING:
            rows.update(state=state)
        for row in rows.select_related("recipient"):
            rows.filter(pk=row.pk).update(message_id=message_id_of(row))

    def mails(self, round_code: str = Round.INVITATION) -> list[Delivery]:
        with self.scope():
            rows = Delivery.objects.filter(wave_audience=self.audience, round=round_code)
            return list(rows.select_related("recipient").order_by("recipient__email"))

    def states(self, round_code: str = Round.INVITATION) -> dict[str, int]:
        return dict(Counter(mail.state for mail in self.mails(round_code)))

    def suppressed(self) -> list[str]:
        with self.scope():
            return list(Suppression.objects.order_by("email_key").values_list("email_key", flat=True))


@pytest.fixture
def mails(owner_a: Member) -> Mails:
    return Mails(owner_a)


def test_a_signed_name_fits_a_local_part_and_leads_back_whatever_the_letters_case(mails: Mails) -> None:
    mail = mails.mails()[0]
    address = sender_for(mail, "bounces-of-practice@mail.example")
    assert len(address.partition("@")[0]) <= 64
    for text in (address, address.upper(), f"<{address}>", f"rfc822; {address}"):
        [(delivery_id, signature)] = deliveries_named_in(text)
        assert delivery_id == mail.pk
        assert is_signed(mail, signature)
    assert mail.recipient.email.partition("@")[0] not in address
    assert sender_for(mail, "an-address-that-leaves-no-room@mail.example") == ""


def test_no_changed_name_is_taken(mails: Mails) -> None:
    mail, other = mails.mails()[:2]
    name = name_of(mail)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    mixed = name[:20] + name_of(other)[20:]
    for number in range(2, 43):
        for letter in random.Random(number).sample(sorted(set(letters) - {name[number]}), 3):
            changed = name[:number] + letter + name[number + 1 :]
            assert take_returned(forged("hard-postfix-user-unknown", changed)) == Taken.NOT_OURS
    for wrong in (mixed, name[:-1], "b-", "", "b-" + "a" * 42, f"x{name}", f"{name}a"):
        assert take_returned(forged("hard-postfix-user-unknown", wrong)) == Taken.NOT_OURS
    assert mails.states() == {S.ACCEPTED: 6}
    assert mails.suppressed() == []


def test_a_bounce_for_good_stops_all_that_would_follow(mails: Mails) -> None:
    mail = mails.mails()[0]
    assert take_returned(report_on(mail, "hard-postfix-user-unknown")) == Taken.APPLIED
    assert take_returned(report_on(mail, "hard-postfix-user-unknown")) == Taken.NOTHING_NEW
    assert mails.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}
    assert mails.states(Round.REMINDER_1) == {S.PLANNED: 5, S.SUPPRESSED: 1}
    assert mails.suppressed() == [mail.recipient.email_key]
    with mails.scope():
        assert Delivery.objects.get(pk=mail.pk).reply.startswith("550 5.1.1")
        assert AuditEntry.objects.filter(verb="person.suppressed").count() == 1


@pytest.mark.parametrize(
    ("sample", "state"),
    [
        ("soft-host-not-found-5-4-4", S.BOUNCED_SOFT),
        ("hard-postfix-general-5-0-0", S.BOUNCED_HARD),
        ("complaint-arf-abuse", S.COMPLAINED),
        ("delivered-report", S.DELIVERED),
        ("delayed-postfix", S.ACCEPTED),
        ("auto_reply-left-the-company", S.ACCEPTED),
        ("other-person-answers", S.ACCEPTED),
    ],
)
def test_each_class_leads_to_its_state(sample: str, state: str, mails: Mails) -> None:
    mail = mails.mails()[0]
    take_returned(report_on(mail, sample))
    assert mails.mails()[0].state == state
    assert bool(mails.suppressed()) == (state in {S.BOUNCED_HARD, S.COMPLAINED})


def test_a_persons_answer_is_left_to_be_read(mails: Mails) -> None:
    assert take_returned(report_on(mails.mails()[0], "other-person-answers")) == Taken.NOT_OURS


def test_three_mails_in_a_row_that_bounce_for_now_suppress_an_address(mails: Mails) -> None:
    for round_code in (Round.INVITATION, Round.REMINDER_1, Round.REMINDER_2):
        with mails.scope():
            if round_code != Round.INVITATION:
                mails.put(round_code, S.ACCEPTED)
        assert mails.suppressed() == []
        take_returned(report_on(mails.mails(round_code)[0], "soft-mailbox-full-5-2-2"))
    assert mails.suppressed() == [mails.mails()[0].recipient.email_key]


def test_soft_bounces_with_a_mail_between_that_arrived_suppress_nobody(mails: Mails) -> None:
    with mails.scope():
        mails.put(Round.REMINDER_1, S.ACCEPTED)
        mails.put(Round.REMINDER_2, S.ACCEPTED)
    for round_code in (Round.INVITATION, Round.REMINDER_2):
        take_returned(report_on(mails.mails(round_code)[0], "soft-mailbox-full-5-2-2"))
    assert mails.suppressed() == []


@pytest.mark.parametrize("sample", ["hard-postfix-user-unknown", "complaint-arf-abuse"])
def test_a_confidential_reminder_that_comes_back_leaves_no_line_about_its_person(
    sample: str, owner_a: Member
) -> None:
    mails = Mails(owner_a, mode=Mode.CONFIDENTIAL)
    with mails.scope():
        mails.put(Round.REMINDER_1, S.ACCEPTED)
        n_entries = AuditEntry.objects.count()
    assert take_returned(report_on(mails.mails(Round.REMINDER_1)[0], sample)) == Taken.APPLIED
    assert mails.states(Round.REMINDER_2) == {S.PLANNED: 5, S.SUPPRESSED: 1}
    assert mails.states() == {S.ACCEPTED: 6}
    assert mails.suppressed() == []
    with mails.scope():
        assert AuditEntry.objects.count() == n_entries


@pytest.mark.parametrize("state", [S.SENDING, S.UNCERTAIN])
@pytest.mark.parametrize(
    ("sample", "after"), [("delivered-report", S.DELIVERED), ("complaint-arf-abuse", S.COMPLAINED)]
)
def test_news_faster_than_the_worker_settle_the_mail(
    state: str, sample: str, after: str, mails: Mails
) -> None:
    with mails.scope():
        mails.put(Round.REMINDER_1, S.SENDING)
        Delivery.objects.filter(round=Round.REMINDER_1).update(state=state)
    take_returned(report_on(mails.mails(Round.REMINDER_1)[0], sample))
    assert mails.mails(Round.REMINDER_1)[0].state == after


def test_a_mail_that_was_never_sent_cannot_come_back(mails: Mails) -> None:
    mail = mails.mails(Round.REMINDER_1)[0]
    assert take_returned(report_on(mail, "hard-postfix-user-unknown")) == Taken.NOT_OURS
    assert mails.states(Round.REMINDER_1) == {S.PLANNED: 6}


def test_a_mail_leaves_with_its_signed_name_in_envelope_and_header(owner_a: Member, settings: Any) -> None:
    settings.RETURN_ADDRESS = "bounces@mail.example"
    mails = Mails(owner_a)
    with mails.scope():
        Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
    script = Script()
    with scripted_server(settings, script):
        assert sending.send_due(mails.practice_id, mails.audience.pk) == 6
    names = {name_of(mail) for mail in mails.mails(Round.REMINDER_1)}
    assert {
        sender.removeprefix("bounces+").removesuffix("@mail.example") for sender in script.senders
    } == names
    assert {message_from_bytes(content)["X-Return-Name"] for _to, content in script.mails} == names


def test_a_refusal_at_the_door_has_the_same_consequences(owner_a: Member, settings: Any) -> None:
    mails = Mails(owner_a)
    with mails.scope():
        Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
    unknown, routing, blocked, *_others = [mail.recipient.email for mail in mails.mails()]
    answers = {
        unknown: "550 5.0.0 no",
        routing: "550 5.4.4 host not found",
        blocked: "554 5.7.1 blocked by a list",
    }
    with scripted_server(settings, Script(recipients=answers)):
        assert sending.send_due(mails.practice_id, mails.audience.pk) == 3
    assert mails.states(Round.REMINDER_1) == {S.ACCEPTED: 3, S.BOUNCED_HARD: 1, S.RETRY: 1, S.BOUNCED_SOFT: 1}
    assert mails.suppressed() == [unknown]
    assert mails.states(Round.REMINDER_2) == {S.PLANNED: 5, S.SUPPRESSED: 1}


def test_a_server_that_always_says_later_has_bounced_the_mail_for_now_in_the_end(
    owner_a: Member, settings: Any
) -> None:
    mails = Mails(owner_a, 1)
    with mails.scope():
        Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
    script = Script(recipients={mails.mails()[0].recipient.email: "451 4.7.1 greylisted"})
    with scripted_server(settings, script):
        for n_refusals in range(1, sending.MAX_REFUSALS):
            sending.send_due(mails.practice_id, mails.audience.pk)
            [mail] = mails.mails(Round.REMINDER_1)
            assert (mail.state, mail.refusals) == (S.RETRY, n_refusals)
            with mails.scope():
                Delivery.objects.filter(pk=mail.pk).update(lease_until=timezone.now())
        sending.send_due(mails.practice_id, mails.audience.pk)
    assert mails.states(Round.REMINDER_1) == {S.BOUNCED_SOFT: 1}
    assert mails.suppressed() == []
