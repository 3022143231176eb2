"""The queue of future mails: by day in the client's time zone, round and audience; nobody's answer is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Max, Min
from django.db.models.functions import TruncDate

from practice.clock import database_now
from surveys.enums import ASKING, AudienceState, DeliveryState, Mode, Round
from surveys.models import Delivery, Wave, WaveAudience

WAITING = (DeliveryState.PLANNED, DeliveryState.QUEUED, DeliveryState.RETRY)
RUNS = (AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class QueuedRound:
    """Mails of one round to one audience that leave on one day."""

    audience: WaveAudience
    day: date
    round: str
    at: datetime
    until: datetime
    n: int | None
    """At most so many; None where a number would tell how many have not answered."""
    is_due: bool
    is_skipped: bool
    is_paused: bool


def queue_of(wave: Wave) -> Sequence[QueuedRound]:
    """Return the mails to come of a wave, soonest first, with two queries whatever their number.

    A reminder that is due is on its way only to those who have not answered: of confidential audiences its number stays
    hidden.
    """
    zone, now = wave.engagement.client_organisation.zone, database_now()
    audiences: dict[UUID, WaveAudience] = {row.pk: row for row in wave.audiences.filter(state__in=RUNS)}
    rows = (
        Delivery.objects.filter(
            wave_audience__in=list(audiences),
            round__in=ASKING,
            state__in=WAITING,
            recipient__gets_no_more_mail=False,
        )
        .annotate(day=TruncDate("due_at", tzinfo=zone))
        .values("wave_audience", "round", "day")
        .order_by()
        .annotate(n=Count("pk"), at=Min("due_at"), until=Max("due_at"))
    )
    found = []
    for row in rows:
        audience = audiences[row["wave_audience"]]
        is_due = row["at"] <= now
        hides = is_due and row["round"] != Round.INVITATION and audience.mode == Mode.CONFIDENTIAL
        found.append(
            QueuedRound(
                audience=audience,
                day=row["day"],
                round=row["round"],
                at=row["at"],
                until=row["until"],
                n=None if hides else row["n"],
                is_due=is_due,
                is_skipped=bool(audience.rounds.get(row["round"], {}).get("skipped")),
                is_paused=audience.mails_paused or audience.state == AudienceState.PAUSED,
            )
        )
    return sorted(found, key=lambda item: (item.at, item.round, item.audience.audience))
