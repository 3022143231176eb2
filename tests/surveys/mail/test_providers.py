"""Mails by a provider: what it is told, what its answers mean, and what its search finds."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from practice import senders
from practice.models import Member, SenderIdentity
from practice.scope import practice_scope
from surveys.enums import DeliveryState
from surveys.mail import return_path, sending
from surveys.mail.message import build_message, message_id_of
from surveys.mail.next_hop import Fate
from surveys.mail.providers import Provider, ProviderConnection, mark_of
from surveys.mail.smtp import Answer
from surveys.models import Delivery, WaveAudience
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.provider_api import Api, provider_api

pytestmark = pytest.mark.django_db
KEY = "key-kestrel-orchard"
KINDS = ["mailgun", "postmark", "brevo"]


def default_sender(owner: Member, kind: str, **fields: Any) -> SenderIdentity:
    """Add a provider's identity, verified, as the practice's default."""
    values = {
        "kind": kind,
        "from_name": "Alder & Söhne, Ltd.",
        "from_address": "survey@alder.example",
        **fields,
    }
    sender = senders.create_sender(actor=owner, secret=KEY, **values)
    senders.confirm_sender(sender, code=senders.issue_code(sender, actor=owner), actor=owner)
    sender.refresh_from_db()
    senders.set_default_sender(sender, actor=owner)
    return sender


def launched(owner: Member, kind: str) -> WaveAudience:
    with practice_scope(owner.practice):
        default_sender(owner, kind)
        make_launched_wave(owner, customers=2)
        return WaveAudience.objects.get(audience="customers")


def headers_of(kind: str, fields: dict[str, Any]) -> dict[str, str]:
    if kind == "mailgun":
        return {name[2:]: value for name, value in fields.items() if name.startswith("h:")}
    if kind == "postmark":
        return {row["Name"]: row["Value"] for row in fields["Headers"]}
    return dict(fields["headers"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_wave_leaves_by_the_provider_with_both_headers_and_no_tracking(
    kind: str, owner_a: Member, settings: Any
) -> None:
    audience = launched(owner_a, kind)
    with provider_api(settings) as api:
        assert sending.send_due(owner_a.practice_id, audience.pk) == 2
    with practice_scope(owner_a.practice):
        rows = list(Delivery.objects.filter(round="invitation").select_related("recipient"))
        assert {row.state for row in rows} == {DeliveryState.ACCEPTED}
        assert all(row.accepted_at for row in rows)
        assert all(row.reply.startswith("accepted as") for row in rows)
        wanted = {message_id_of(row) for row in rows}
    assert len(api.sent) == 2
    seen = set()
    for _path, http, fields in api.sent:
        headers = {name.lower(): value for name, value in headers_of(kind, fields).items()}
        seen.add(headers["message-id"])
        assert headers["list-unsubscribe"].startswith("<http")
        assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        text = str(fields)
        assert "alder.example" in text
        assert mark_of(headers["message-id"]) in text
        assert text.count(headers[return_path.HEADER.lower()]) == 2, (
            "once as a header, once where its news repeat it"
        )
        assert KEY in str(http) or kind == "mailgun"
    assert seen == wanted
    for switch in ("TrackOpens", "o:tracking-opens"):
        assert api.sent[0][2].get(switch, False) in {False, "no", "None"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, Answer.REJECTED),
        (401, Answer.NO_SERVER),
        (403, Answer.NO_SERVER),
        (429, Answer.LATER),
        (500, Answer.LATER),
        (503, Answer.LATER),
    ],
)
def test_answers_mean_what_they_say(
    kind: str, status: int, answer: Answer, owner_a: Member, settings: Any
) -> None:
    message = some_message(owner_a)
    with provider_api(settings) as api:
        api.status = status
        with ProviderConnection(Provider(kind, KEY, "alder.example")) as provider:
            assert provider.send(message).answer == answer


def some_message(owner: Member) -> Any:
    with practice_scope(owner.practice):
        make_launched_wave(owner, customers=1)
        return build_message(Delivery.objects.filter(round="invitation").select_related("recipient").get())


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_breaks_leaves_it_open_and_one_that_never_stood_does_not(
    kind: str, owner_a: Member, settings: Any
) -> None:
    message = some_message(owner_a)
    provider = Provider(kind, KEY, "alder.example")
    with provider_api(settings) as api:
        api.cuts = True
        with ProviderConnection(provider) as connection:
            assert connection.send(message).answer == Answer.UNKNOWN
    with ProviderConnection(provider) as connection:
        assert connection.send(message).answer == Answer.NO_SERVER
    assert ProviderConnection(provider).find(str(message["Message-ID"])) == Fate.CANNOT_SAY


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_finds_what_was_accepted_and_never_calls_the_rest_unknown(
    kind: str, settings: Any
) -> None:
    message_id = "<0123456789abcdef@crmgap.invalid>"
    with provider_api(settings) as api:
        hop = ProviderConnection(Provider(kind, KEY, "alder.example"))
        assert hop.find(message_id) == Fate.CANNOT_SAY
        api.known = {message_id.strip("<>"), mark_of(message_id)}
        assert hop.find(message_id) == Fate.ACCEPTED
        api.status = 500
        assert hop.find(message_id) == Fate.CANNOT_SAY
    paths = {path for path, _query, _headers in api.searches}
    assert paths == {
        {
            "mailgun": "/mailgun/alder.example/events",
            "postmark": "/postmark/messages/outbound",
            "brevo": "/brevo/smtp/statistics/events",
        }[kind]
    }


def test_an_account_in_the_eu_is_asked_there(settings: Any) -> None:
    with provider_api(settings) as api:
        ProviderConnection(Provider("mailgun", KEY, "alder.example", is_in_eu=True)).find("<x@y>")
    assert api.searches[0][0].startswith("/mailgun-eu/")


def let_time_pass(owner: Member) -> None:
    with practice_scope(owner.practice):
        Delivery.objects.exclude(lease_until=None).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("was_accepted", [True, False])
def test_a_mail_whose_line_broke_is_searched_for_twice_before_it_is_repeated(
    was_accepted: bool, owner_a: Member, settings: Any
) -> None:
    audience = launched(owner_a, "postmark")
    with provider_api(settings) as api:
        api.cuts = True
        assert sending.send_due(owner_a.practice_id, audience.pk) == 0
        api.cuts = False
        n_tries = len(api.sent)
        let_time_pass(owner_a)
        assert sending.send_due(owner_a.practice_id, audience.pk) == 0
        with practice_scope(owner_a.practice):
            rows = list(Delivery.objects.filter(round="invitation"))
        assert {row.state for row in rows} == {DeliveryState.UNCERTAIN}
        if was_accepted:
            api.known = {mark_of(row.message_id) for row in rows}
        let_time_pass(owner_a)
        assert sending.send_due(owner_a.practice_id, audience.pk) == (0 if was_accepted else 2)
        assert len(api.sent) == n_tries + (0 if was_accepted else 2)
    with practice_scope(owner_a.practice):
        rows = list(Delivery.objects.filter(round="invitation"))
    assert {row.state for row in rows} == {DeliveryState.ACCEPTED}
    assert all(row.was_uncertain for row in rows)
    bodies = [fields for _path, _http, fields in api.sent]
    assert all(bodies.count(body) == n_tries // 2 + (0 if was_accepted else 1) for body in bodies)


def test_an_unverified_sender_sends_nothing(owner_a: Member, settings: Any) -> None:
    audience = launched(owner_a, "brevo")
    with practice_scope(owner_a.practice):
        SenderIdentity.objects.update(verified_at=None)
    with provider_api(settings) as api:
        assert sending.send_due(owner_a.practice_id, audience.pk) == 0
    assert isinstance(api, Api)
    assert api.sent == []
    with practice_scope(owner_a.practice):
        assert Delivery.objects.filter(round="invitation", state=DeliveryState.QUEUED).count() == 2
