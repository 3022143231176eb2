"""No more than so many mails to one person within seven days, over all engagements of a practice; receipts aside."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from surveys.enums import ASKING, DeliveryState, WaveKind
from surveys.models import Delivery

WINDOW: Final = timedelta(days=7)
ON_ITS_WAY: Final = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)


def beyond_cap(rows: Sequence[Delivery], most: int) -> dict[UUID, datetime]:
    """Return, for those of the mails that are one too many now, when they may leave; rows carry their recipients.

    Workers of one practice take turns here, so that two mails to one person do not both count the same others.
    """
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 12))", [str(rows[0].practice_id)])
    now = timezone.now()
    sent = _sent_since(now - WINDOW, {row.recipient.email_key for row in rows}, now)
    waiting = {}
    for row in rows:
        times = sent[row.recipient.email_key]
        if len(times) < most:
            times.append(now)
        else:
            waiting[row.pk] = times[len(times) - most] + WINDOW
    return waiting


def _sent_since(since: datetime, keys: set[str], now: datetime) -> dict[str, list[datetime]]:
    """Return when mails to each address were accepted, oldest first; those on their way count as sent now."""
    counted = Q(accepted_at__gt=since) | Q(state__in=ON_ITS_WAY)
    mails = Delivery.objects.filter(counted, recipient__email_key__in=keys)
    live = mails.filter(round__in=ASKING).exclude(wave_audience__wave__kind=WaveKind.TEST)
    found: dict[str, list[datetime]] = defaultdict(list)
    for key, accepted_at in live.values_list("recipient__email_key", "accepted_at"):
        found[key].append(accepted_at or now)
    for times in found.values():
        times.sort()
    return found
