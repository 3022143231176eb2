"""Receipts: at once where people are named, one shuffled batch at release where they are not, and no answer in any."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from practice.models import AuditEntry, Member, Practice
from practice.scope import practice_scope
from surveys import lookups, mixer
from surveys.deliveries import mails_of_wave
from surveys.directory import history_of
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail import sending
from surveys.mail.mailbox import listed_deliveries
from surveys.mail.texts import receipt_text
from surveys.models import Delivery, Draft, LedgerEntry, Recipient, Response, Suppression, Wave, WaveAudience
from surveys.selectors import field_view
from tests.surveys.answering.browser import Browser, at_last_page, go_to
from tests.surveys.answering.builder import Launched, launch
from tests.surveys.answering.test_open_links import make_link, visit
from tests.surveys.mail.lint import lint, part_of
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
ASKED = {"receipt": "1"}


def finish(asked: Launched, number: int, *, receipt: bool = True) -> Browser:
    """Answer as a person and send the answers, with or without the box ticked."""
    return at_last_page(asked.tokens[number]).post("finish", ASKED if receipt else {})


def receipts(asked: Launched) -> list[Delivery]:
    """The receipts of the audience, in the order of their rows."""
    with practice_scope(asked.practice):
        return list(
            Delivery.objects.filter(wave_audience=asked.audience_id, round=Round.RECEIPT).order_by("pk")
        )


def send(asked: Launched, settings: Any, **script: Any) -> list[tuple[str, bytes]]:
    """Send what is due; returns what arrived at the server."""
    with scripted_server(settings, Script(**script)) as server:
        sending.send_due(asked.practice.pk, asked.audience_id)
    return server.mails


def release(asked: Launched) -> None:
    """Close and release the audience."""
    asked.change(state=AudienceState.CLOSED)
    mixer.close_and_release(asked.practice.pk, asked.audience_id)


def test_box_stands_on_the_last_page_only_and_is_off() -> None:
    asked = launch(1)
    browser = Browser().start(asked.tokens[0])
    assert 'name="receipt"' not in browser.html
    last = at_last_page(asked.tokens[0])
    assert 'id="receipt" name="receipt" value="1" aria-describedby' in last.html
    assert "after the survey has closed" in last.html
    assert "sees that you took part" in last.html
    named = launch(1, mode="named", audience="managers")
    assert "after the survey has closed" not in at_last_page(named.tokens[0]).html


def test_a_problem_on_the_page_keeps_the_tick() -> None:
    asked = launch(1)
    last = at_last_page(asked.tokens[0])
    text = next(name for name in last.fields() if name not in {"receipt"} and "<textarea" in last.html)
    page = last.post("finish", {text: "x" * 5_001, **ASKED})
    assert page.status == 422
    assert 'name="receipt" value="1" checked' in page.html
    assert asked.count(Draft) == 1


def test_named_receipt_leaves_at_once_and_without_an_answer(settings: Any) -> None:
    asked = launch(2, mode="named", audience="managers")
    assert finish(asked, 0).heading.startswith("Thank you")
    finish(asked, 1, receipt=False)
    assert [row.recipient_id for row in receipts(asked)] == [asked.recipient_ids[0]]
    assert asked.count(LedgerEntry, wants_receipt=True) == 0
    assert lookups.audiences_with_due_mails() == [(asked.practice.pk, asked.audience_id)]
    [(to, content)] = send(asked, settings)
    mail = lint(content)
    assert to == "p0@example.org"
    for kind in ("plain", "html"):
        assert "your answers about" in part_of(mail, kind)
        assert "asked for it when you sent your answers" in part_of(mail, kind)
        assert asked.tokens[0] not in part_of(mail, kind)
        assert "same time" not in part_of(mail, kind)
    assert receipts(asked)[0].state == DeliveryState.ACCEPTED
    assert send(asked, settings) == []


def test_named_receipt_is_dropped_with_the_answer_and_given_once_anew(settings: Any) -> None:
    asked = launch(1, mode="named", audience="managers")
    finish(asked, 0)
    Browser().open(f"/s/{asked.tokens[0]}/data/").post("withdraw", {"sure": "1"})
    assert [row.state for row in receipts(asked)] == [DeliveryState.CANCELLED]
    finish(asked, 0)
    assert len(send(asked, settings)) == 1
    Browser().open(f"/s/{asked.tokens[0]}/data/").post("withdraw", {"sure": "1"})
    finish(asked, 0)
    assert len(receipts(asked)) == 1
    assert send(asked, settings) == []


def test_confidential_receipts_leave_together_at_release(settings: Any) -> None:
    asked = launch(12)
    for number in range(10):
        finish(asked, number, receipt=number < 8)
    assert receipts(asked) == []
    assert send(asked, settings) == []
    assert asked.count(LedgerEntry, wants_receipt=True) == 8
    release(asked)
    assert asked.count(LedgerEntry, wants_receipt=True) == 0
    assert asked.count(Response) == 10
    rows = receipts(asked)
    assert {row.recipient_id for row in rows} == set(asked.recipient_ids[:8])
    assert len({row.due_at for row in rows}) == 1
    assert lookups.audiences_with_due_mails() == [(asked.practice.pk, asked.audience_id)]
    mails = send(asked, settings)
    assert sorted(to for to, _content in mails) == [f"p{number}@example.org" for number in range(8)]
    assert len({content.partition(b"Date: ")[2][:31] for _to, content in mails}) == 1
    for _to, content in mails:
        assert "at the same time" in part_of(lint(content), "plain")
    assert {row.state for row in receipts(asked)} == {DeliveryState.ACCEPTED}
    assert lookups.audiences_with_due_mails() == []


def test_order_of_the_batch_is_drawn() -> None:
    orders = set()
    for _attempt in range(2):
        asked = launch(12)
        for number in range(12):
            finish(asked, number)
        release(asked)
        places = {pk: place for place, pk in enumerate(asked.recipient_ids)}
        with practice_scope(asked.practice), connection.cursor() as cursor:
            in_order = "SELECT recipient_id FROM surveys_delivery WHERE wave_audience_id = %s ORDER BY ctid"
            cursor.execute(in_order, [asked.audience_id])
            orders.add(tuple(places[row[0]] for row in cursor.fetchall()))
    assert len(orders) == 2


def test_wish_is_dropped_with_the_waiting_answer() -> None:
    asked = launch(2)
    finish(asked, 0)
    Browser().open(f"/s/{asked.tokens[0]}/data/").post("withdraw", {"sure": "1"})
    assert asked.count(LedgerEntry, wants_receipt=True) == 0
    finish(asked, 0, receipt=False)
    release(asked)
    assert receipts(asked) == []


def test_visits_by_open_links_are_offered_none(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        _link, token = make_link(owner_a)
    last = go_to(visit(token), "finish")
    assert 'name="receipt"' not in last.html
    assert last.post("finish", ASKED).heading.startswith("Thank you")
    with practice_scope(owner_a.practice):
        assert not Delivery.objects.filter(round=Round.RECEIPT).exists()


def test_receipts_of_confidential_audiences_show_nowhere_person_by_person(settings: Any) -> None:
    asked = launch(8)
    for number in range(8):
        finish(asked, number)
    with practice_scope(asked.practice):
        audited = AuditEntry.objects.count()
    release(asked)
    send(asked, settings, recipients={"p1@example.org": "550 5.1.1 no such user"})
    with practice_scope(asked.practice):
        wave = Wave.objects.get(pk=asked.wave_id)
        assert not mails_of_wave(wave).exists()
        assert not listed_deliveries().exists()
        [row] = field_view(wave).audiences
        assert (row.n_reminded, row.n_invited, row.n_bounced) == (0, 0, 0)
        assert not Suppression.objects.exists()
        people = Recipient.objects.select_related("wave_audience__wave")
        assert not any(one.mails for one in history_of(list(people)))
        verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)[audited:]
        assert set(verbs) == {"audience.released", "diagnosis.requested"}


def test_receipts_count_for_no_cap_and_are_held_by_none(settings: Any) -> None:
    asked = launch(1, mode="named", audience="managers")
    with practice_scope(asked.practice):
        Practice.objects.filter(pk=asked.practice.pk).update(mails_per_week=1)
        invitation = {"round": Round.INVITATION, "state": "queued", "due_at": timezone.now()}
        person = Recipient.objects.get()
        audience = WaveAudience.objects.get(pk=asked.audience_id)
        Delivery.objects.create(wave_audience=audience, recipient=person, **invitation)
    assert len(send(asked, settings)) == 1
    finish(asked, 0)
    assert len(send(asked, settings)) == 1
    with practice_scope(asked.practice):
        Delivery.objects.filter(round=Round.INVITATION).update(accepted_at=timezone.now() - timedelta(days=8))
        LedgerEntry.objects.update(submitted=False)
        Delivery.objects.create(
            wave_audience=audience, recipient=person, **{**invitation, "round": Round.REMINDER_1}
        )
    assert len(send(asked, settings)) == 1


@pytest.mark.parametrize(
    ("state", "paused", "leaves"),
    [("open", False, 1), ("closed", False, 1), ("paused", False, 0), ("open", True, 0), ("closed", True, 0)],
)
def test_receipts_leave_after_closing_but_not_in_a_pause(
    state: str, paused: bool, leaves: int, settings: Any
) -> None:
    asked = launch(1, mode="named", audience="managers")
    finish(asked, 0)
    asked.change(state=state, mails_paused=paused)
    assert len(lookups.audiences_with_due_mails()) == leaves
    assert len(send(asked, settings)) == leaves
    if not leaves:
        assert receipts(asked)[0].state == DeliveryState.QUEUED


def test_suppressed_people_get_none(settings: Any) -> None:
    asked = launch(1, mode="named", audience="managers")
    finish(asked, 0)
    with practice_scope(asked.practice):
        Suppression.objects.create(email_key="p0@example.org", source="unsubscribed", reason="said so")
    assert send(asked, settings) == []
    assert receipts(asked)[0].state == DeliveryState.SUPPRESSED


def test_a_lost_worker_after_release_is_settled_like_any_other(settings: Any) -> None:
    asked = launch(6)
    for number in range(6):
        finish(asked, number)
    release(asked)
    with practice_scope(asked.practice):
        over = timezone.now() - timedelta(seconds=1)
        Delivery.objects.update(state="sending", lease_until=over, attempts=1)
        Delivery.objects.filter(recipient=asked.recipient_ids[0]).update(state="uncertain")
    mails = send(asked, settings)
    assert "p0@example.org" in [to for to, _content in mails]
    assert {row.state for row in receipts(asked)} <= {DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN}


def test_french_is_written_to_those_who_read_french(settings: Any) -> None:
    asked = launch(1, mode="named", audience="managers")
    with practice_scope(asked.practice):
        Recipient.objects.update(language="fr")
    finish(asked, 0)
    [(_to, content)] = send(asked, settings)
    mail = lint(content)
    assert mail["Content-Language"] == "fr"
    with translation.override("fr"):
        subject = receipt_text(is_confidential=False).subject.partition("}")[2]
    assert subject in str(mail["Subject"])
    assert "answers" not in part_of(mail, "plain")
