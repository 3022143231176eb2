"""Taking a provider's call: found by its address, believed by its signature, written once."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from practice.scope import practice_scope
from practice.sealing import unwrap_key
from surveys import lookups
from surveys.mail import outcomes
from surveys.mail.return_path import deliveries_named_in, is_signed
from surveys.mail.webhooks import WINDOW, Event, WebhookError, check_call, read_events
from surveys.models import Delivery, ReturnChannel, WebhookCall
from surveys.services.return_channels import WEBHOOK

TAKEN, UNREADABLE, REFUSED, UNKNOWN = 200, 400, 403, 404
MAX_NAMES: Final = 3
MARK: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
"""The part of a Message-ID before the @, as surveys/mail/message.py makes it."""


def take_call(channel_id: UUID, *, headers: Mapping[str, str], body: bytes) -> int:
    """Check a call and write what it says; returns the status to answer with. The same call twice is written once."""
    practice_id = lookups.practice_of_return_channel(channel_id)
    if practice_id is None:
        return UNKNOWN
    with practice_scope(practice_id):
        channel = ReturnChannel.objects.select_related("sender").filter(pk=channel_id).first()
        if channel is None or channel.webhook_secret is None:
            return UNKNOWN
        secret, kind = unwrap_key(bytes(channel.webhook_secret), WEBHOOK), channel.sender.kind
        now = timezone.now()
        try:
            digest = check_call(kind, secret, headers=headers, body=body, now=now)
        except WebhookError:
            return REFUSED
        try:
            events = read_events(kind, body)
        except WebhookError:
            return UNREADABLE
        _call, is_new = WebhookCall.objects.get_or_create(channel=channel, digest=digest)
        if is_new:
            WebhookCall.objects.filter(channel=channel, at__lt=now - 2 * WINDOW).delete()
            for event in events:
                _write(event)
    return TAKEN


def _write(event: Event) -> None:
    delivery = _mail_of(event)
    if delivery is not None:
        outcomes.apply_finding(delivery, event.finding, words=event.words)


def _mail_of(event: Event) -> Delivery | None:
    """Return the practice's mail that an event is about: by its signed name, or by the mark of its Message-ID.

    The call itself is known to be the provider's, which has the Message-ID from us.
    """
    for delivery_id, signature in deliveries_named_in(event.text)[:MAX_NAMES]:
        delivery = Delivery.objects.filter(pk=delivery_id).first()
        if delivery is not None and is_signed(delivery, signature):
            return delivery
    marks = dict.fromkeys(MARK.findall(event.text))
    numbers = [f"<{mark}@{settings.MAIL_DOMAIN}>" for mark in list(marks)[:MAX_NAMES]]
    found: Delivery | None = Delivery.objects.filter(message_id__in=numbers).first() if numbers else None
    return found
