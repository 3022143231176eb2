"""Sending in one process: what the server says, what the next hop says, who is mailed, and the order of states."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from practice import jobs
from practice.models import Member
from practice.scope import practice_scope
from surveys import tasks
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail import sending
from surveys.mail.next_hop import Fate
from surveys.mail.smtp import Connection
from surveys.mail.states import NEXT
from surveys.models import Delivery, LedgerEntry, Suppression, WaveAudience
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.mail.servers import free_port

pytestmark = pytest.mark.django_db
S = DeliveryState


class Hop:
    """A next hop that says what the test wants, and counts how often it was asked."""

    def __init__(self, fate: Fate):
        self.fate, self.asked = fate, 0

    def find(self, message_id: str) -> Fate:
        self.asked += 1
        return self.fate


class Field:
    """One launched audience and the acts of the tests on it."""

    def __init__(self, owner: Member, n: int = 6):
        self.practice_id = owner.practice_id
        with self.scope():
            make_launched_wave(owner, customers=n)
            self.audience = WaveAudience.objects.get(audience="customers")

    def scope(self) -> Any:
        return practice_scope(self.practice_id)

    def send(self, fate: Fate = Fate.CANNOT_SAY) -> int:
        return sending.send_due(self.practice_id, self.audience.pk, next_hop=Hop(fate))

    def states(self, round_code: str = Round.INVITATION) -> dict[str, int]:
        with self.scope():
            return dict(Counter(Delivery.objects.filter(round=round_code).values_list("state", flat=True)))

    def let_time_pass(self) -> None:
        with self.scope():
            waiting = Delivery.objects.exclude(lease_until=None)
            waiting.update(lease_until=timezone.now() - timedelta(seconds=1))
            WaveAudience.objects.update(hold_until=None)

    def set_audience(self, **fields: Any) -> None:
        with self.scope():
            WaveAudience.objects.filter(pk=self.audience.pk).update(**fields)

    def emails(self) -> list[str]:
        with self.scope():
            return list(self.audience.recipients.values_list("email", flat=True))


@pytest.fixture
def field(owner_a: Member) -> Field:
    return Field(owner_a)


def test_every_invitation_leaves_once_over_one_connection(field: Field, settings: Any) -> None:
    with scripted_server(settings, Script()) as server:
        assert field.send() == 6
        assert field.send() == 0
    assert field.states() == {S.ACCEPTED: 6}
    assert sorted(address for address, _mail in server.mails) == field.emails()
    assert server.n_connections == 1
    with field.scope():
        assert set(Delivery.objects.filter(round="invitation").values_list("attempts", flat=True)) == {1}
        assert Delivery.objects.exclude(message_id="").values("message_id").distinct().count() == 6


def test_a_soft_refusal_is_tried_again_later_a_hard_one_never(field: Field, settings: Any) -> None:
    soft, hard, *_others = field.emails()
    script = Script(recipients={soft: "451 4.7.1 greylisted", hard: "550 5.1.1 unknown\x07 user"})
    with scripted_server(settings, script):
        assert field.send() == 4
        assert field.states() == {S.ACCEPTED: 4, S.RETRY: 1, S.BOUNCED_HARD: 1}
        assert field.send() == 0
        script.recipients.pop(soft)
        field.let_time_pass()
        assert field.send() == 1
    assert field.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}
    with field.scope():
        replies = dict(Delivery.objects.filter(round="invitation").values_list("recipient__email", "reply"))
        assert replies[hard].startswith("550 5.1.1 unknown")
        assert replies[hard].isprintable()


@pytest.mark.parametrize("reply", ["530 5.7.0 sign in first", "550 5.7.1 sender not allowed", "421 closing"])
def test_trouble_with_the_sender_bounces_nobody(reply: str, field: Field, settings: Any) -> None:
    with scripted_server(settings, Script(sender=reply)) as server:
        assert field.send() == 0
        assert server.n_connections == 1
    assert field.states() == {S.RETRY: 6}


def test_an_unreachable_server_ends_the_call_and_loses_nothing(owner_a: Member, settings: Any) -> None:
    field = Field(owner_a, 25)
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", free_port()
    assert field.send() == 0
    assert field.states() == {S.RETRY: 20, S.QUEUED: 5}
    field.let_time_pass()
    with scripted_server(settings, Script()):
        assert field.send() == 25


def test_a_worker_sends_a_share_and_queues_up_again(
    owner_a: Member, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = Field(owner_a, 45)
    woken: list[jobs.Wake] = []
    monkeypatch.setattr(jobs, "send", woken.append)
    monkeypatch.setattr(tasks, "SHARE", 20)
    with scripted_server(settings, Script()) as server:
        for n_sent, n_woken in ((20, 1), (40, 2), (45, 2), (45, 2)):
            tasks.send_deliveries(str(field.practice_id), str(field.audience.pk))
            assert (len(server.mails), len(woken)) == (n_sent, n_woken)
    assert {(wake.practice_id, wake.object_id) for wake in woken} == {(field.practice_id, field.audience.pk)}


def test_without_a_server_mails_stay_queued(field: Field, settings: Any) -> None:
    settings.SMTP_HOST = ""
    assert field.send() == 0
    assert field.states() == {S.QUEUED: 6}


@pytest.mark.parametrize(
    ("fate", "copies", "listed"), [(Fate.ACCEPTED, 1, 0), (Fate.UNKNOWN, 2, 0), (Fate.CANNOT_SAY, 2, 1)]
)
def test_a_line_cut_after_the_mail_is_settled_when_the_lease_is_over(
    fate: Fate, copies: int, listed: int, field: Field, settings: Any
) -> None:
    with scripted_server(settings, Script(cuts=1)) as server:
        assert field.send(fate) == 5
        assert field.states() == {S.ACCEPTED: 5, S.SENDING: 1}
        assert field.send(fate) == 0
        field.let_time_pass()
        field.send(fate)
        if fate == Fate.CANNOT_SAY:
            assert field.states() == {S.ACCEPTED: 5, S.UNCERTAIN: 1}
            assert field.send(fate) == 0
            field.let_time_pass()
            assert field.send(fate) == 1
    assert field.states() == {S.ACCEPTED: 6}
    mails = Counter(server.mails)
    assert max(mails.values()) == copies
    assert len(mails) == 6
    with field.scope():
        assert Delivery.objects.filter(was_uncertain=True).count() == listed


def test_nobody_is_asked_before_the_lease_is_over(field: Field) -> None:
    hop = Hop(Fate.UNKNOWN)
    with field.scope():
        sending.claim_batch(field.audience.pk)
    sending.settle_left_over(field.practice_id, field.audience.pk, hop)
    assert hop.asked == 0
    assert field.states() == {S.SENDING: 6}
    field.let_time_pass()
    sending.settle_left_over(field.practice_id, field.audience.pk, hop)
    assert hop.asked == 6
    assert field.states() == {S.QUEUED: 6}


def test_a_mail_that_somebody_else_settled_is_not_sent(field: Field, settings: Any) -> None:
    with field.scope():
        batch = sending.claim_batch(field.audience.pk) or []
    field.let_time_pass()
    sending.settle_left_over(field.practice_id, field.audience.pk, Hop(Fate.ACCEPTED))
    long_ago = time.monotonic() - settings.MAIL_LEASE_SECONDS
    with scripted_server(settings, Script()) as server, Connection() as line:
        assert [sending._send_one(field.practice_id, row, line, long_ago) for row in batch] == [None] * 6
    assert server.mails == []


@pytest.mark.parametrize("state", [AudienceState.PAUSED, AudienceState.SCHEDULED])
def test_only_open_audiences_send(state: str, field: Field, settings: Any) -> None:
    field.set_audience(state=state)
    with scripted_server(settings, Script()):
        assert field.send() == 0
    assert field.states() == {S.QUEUED: 6}


@pytest.mark.parametrize("fate", [Fate.UNKNOWN, Fate.CANNOT_SAY])
def test_nothing_is_left_over_in_a_closed_audience(fate: Fate, field: Field, settings: Any) -> None:
    with scripted_server(settings, Script(cuts=1, recipients={field.emails()[5]: "451 later"})) as server:
        field.send(fate)
        n_before = len(server.mails)
        field.set_audience(state=AudienceState.CLOSED)
        for _round in range(2):
            field.let_time_pass()
            assert field.send(fate) == 0
        assert len(server.mails) == n_before
    assert field.states().keys() == {S.ACCEPTED, S.CANCELLED}
    assert field.states(Round.REMINDER_1) == {S.CANCELLED: 6}


def test_reminders_reach_those_alone_who_have_not_answered_and_no_suppressed_address(
    field: Field, settings: Any
) -> None:
    answered, refusing, *others = field.emails()
    with scripted_server(settings, Script()) as server:
        field.send()
        server.mails.clear()
        with field.scope():
            LedgerEntry.objects.filter(recipient__email=answered).update(submitted=True)
            Suppression.objects.create(email_key=refusing, reason="asked")
            Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
        assert field.send() == 4
    assert sorted(address for address, _mail in server.mails) == others
    assert field.states(Round.REMINDER_1) == {S.ACCEPTED: 4, S.CANCELLED: 1, S.SUPPRESSED: 1}
    assert field.states(Round.REMINDER_2) == {S.PLANNED: 6}


@pytest.mark.parametrize("old", list(S))
def test_the_database_refuses_states_out_of_order(old: DeliveryState, field: Field) -> None:
    allowed, refusals = set(), []
    with field.scope():
        row = Delivery.objects.filter(round=Round.INVITATION)[0]
        for new in set(S) - {old}:
            Delivery.objects.filter(pk=row.pk).delete()
            row.state, row.message_id, row.attempts = old, "<1@mail.example>", 1
            Delivery.objects.bulk_create([row])
            try:
                with transaction.atomic():
                    Delivery.objects.filter(pk=row.pk).update(state=new)
                allowed.add(new)
            except IntegrityError as error:
                refusals.append(str(error))
    assert len(allowed) + len(refusals) == len(S) - 1
    assert all("cannot go from" in refusal for refusal in refusals)
    assert allowed == NEXT[old]


@pytest.mark.parametrize("old", [S.BOUNCED_HARD, S.BOUNCED_SOFT])
def test_a_bounced_mail_is_queued_again_only_as_a_new_mail(old: DeliveryState, field: Field) -> None:
    with field.scope():
        row = Delivery.objects.filter(round=Round.INVITATION)[0]
        Delivery.objects.filter(pk=row.pk).delete()
        row.state, row.message_id, row.attempts = old, "<1@mail.example>", 1
        Delivery.objects.bulk_create([row])
        mail = Delivery.objects.filter(pk=row.pk)
        for kept in ({"attempts": 0}, {"message_id": ""}, {}):
            with pytest.raises(IntegrityError), transaction.atomic():
                mail.update(state=S.QUEUED, **kept)
        assert mail.update(state=S.QUEUED, message_id="", attempts=0) == 1
