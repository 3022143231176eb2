"""No page, endpoint or export tells who of a confidential audience has answered: nothing changes when somebody does."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, Round
from surveys.models import Delivery, LedgerEntry, Recipient, WaveAudience
from tests.architecture.test_access import TENANT_ROUTES, address, signed_in, text_of
from tests.factories.world import World, plant_world

pytestmark = pytest.mark.django_db
CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"|csrftoken[^;]*;|csrf=[^;]*;'
    r"|'X-Request-Id': '[^']+'|\d\d:\d\d(:\d\d[.\d]*)?"
    r"|Message-ID: <[^>]+>|=_[0-9a-f]{32}"
)


def seen_by(member: Member, token: str, world: World) -> dict[str, str]:
    """Return what every page and endpoint shows, without what changes with every request."""
    browser, api = signed_in(member), Client(headers={"Authorization": f"Bearer {token}"})
    seen = {}
    for route in TENANT_ROUTES:
        client = api if route.pattern.startswith("api/") else browser
        answer = client.get(address(route, world))
        seen[route.pattern] = f"{answer.status_code} {CHANGING.sub('', text_of(answer))}"
    return seen


def test_an_answer_changes_nothing_anybody_can_see(settings: object, tmp_path: object) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)  # type: ignore[attr-defined]  # pytest-django's wrapper
    world = plant_world(mode="confidential")
    with practice_scope(world.owner.practice):
        audience = WaveAudience.objects.get(pk=world.ids["audience_id"])
        more = [
            Recipient(wave_audience=audience, email=f"p{n}@example.org", email_key=f"p{n}@example.org")
            for n in range(6)
        ]
        Recipient.objects.bulk_create(more)
        LedgerEntry.objects.bulk_create([LedgerEntry(wave_audience=audience, recipient=row) for row in more])
    seen_by(world.owner, world.token_secret, world)
    before = seen_by(world.owner, world.token_secret, world)
    assert sum(text.startswith("200") for text in before.values()) > 35
    with practice_scope(world.owner.practice):
        LedgerEntry.objects.filter(recipient__in=[world.ids["recipient_id"], more[0].pk]).update(
            submitted=True, wants_receipt=True
        )
        Delivery.objects.create(
            wave_audience=audience,
            recipient=more[0],
            round=Round.RECEIPT,
            state=DeliveryState.ACCEPTED,
            due_at=timezone.now(),
            message_id="<receipt@example.org>",
        )
    after = seen_by(world.owner, world.token_secret, world)
    for pattern, text in before.items():
        assert after[pattern] == text, pattern
