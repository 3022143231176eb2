"""The sample's waves: set up, people in, launched, answered, closed and released, each step safe to repeat."""

import time
from uuid import UUID

from crmgap_site.sample.answers import give_answers
from crmgap_site.sample.company import (
    ASKED,
    CLIENT,
    ENGAGEMENT,
    QUESTION,
    SECOND_CLIENT,
    SECOND_ENGAGEMENT,
    SECOND_QUESTION,
    people_csv,
)
from practice import services
from practice.models import Engagement, Member
from practice.scope import practice_scope
from surveys import mixer
from surveys.enums import AudienceState, DeliveryState, Round, WaveKind
from surveys.mail import sending
from surveys.models import Delivery, Wave, WaveAudience
from surveys.services import field, launch, next_wave, people, waves

UNSENT = (DeliveryState.PLANNED, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY)
POLL_SECONDS = 0.5


def set_up(owner: Member) -> Wave:
    """Return the sample wave with its people; both engagements are made in one transaction when they are missing."""
    with practice_scope(owner.practice_id):
        wave = Wave.objects.filter(kind=WaveKind.SAMPLE).order_by("number").first()
        if wave is not None:
            return wave
        second = _engage(owner, SECOND_CLIENT, SECOND_ENGAGEMENT, SECOND_QUESTION)
        waves.create_wave(engagement=second, actor=owner)
        first = _engage(owner, CLIENT, ENGAGEMENT, QUESTION)
        wave = waves.create_wave(engagement=first, actor=owner, kind=WaveKind.SAMPLE)
        _import_people(wave, owner)
        return wave


def set_up_next(wave: Wave, owner: Member) -> Wave:
    """Return the wave after this one, made when it is missing: the same questions to the same people."""
    with practice_scope(owner.practice_id):
        later = Wave.objects.filter(engagement=wave.engagement_id, kind=wave.kind, number=wave.number + 1)
        return later.first() or next_wave.create_next_wave(wave, actor=owner)


def _engage(owner: Member, client_fields: dict[str, str], name: str, question: str) -> Engagement:
    client = services.create_client(actor=owner, **client_fields)
    return services.create_engagement(client=client, name=name, question=question, actor=owner)


def _import_people(wave: Wave, owner: Member) -> None:
    filename = "alpenbank-people.csv"
    upload = people.upload_people(wave=wave, filename=filename, content=people_csv(), actor=owner)
    people.confirm_import(upload, actor=owner)


def ask(wave: Wave, owner: Member) -> int:
    """Launch the wave and give the answers of its people; returns how many were new."""
    practice_id = owner.practice_id
    with practice_scope(practice_id):
        if Wave.objects.filter(pk=wave.pk, closed_at__isnull=False).exists():
            return 0
        launch.launch_wave(wave=wave, actor=owner)
        rows = WaveAudience.objects.select_related("wave").filter(wave=wave)
        audiences = {row.audience: row for row in rows}
    return sum(
        give_answers(practice_id, audiences[asked.audience], asked)
        for asked in ASKED
        if audiences[asked.audience].state == AudienceState.OPEN
    )


def finish_invitations(wave: Wave, practice_id: UUID, *, patience: float) -> int:
    """Wait while workers send the invitations; what does not move for `patience` s is sent here.

    Returns how many are still unsent then, because no mail server takes them.
    """
    unsent, moved_at = -1, time.monotonic()
    while time.monotonic() - moved_at < patience:
        now_unsent = _count_unsent(wave, practice_id)
        if now_unsent == 0:
            return 0
        if now_unsent != unsent:
            unsent, moved_at = now_unsent, time.monotonic()
        time.sleep(POLL_SECONDS)
    with practice_scope(practice_id):
        waiting = WaveAudience.objects.filter(wave=wave, state=AudienceState.OPEN)
        audience_ids = list(waiting.values_list("pk", flat=True))
    for audience_id in audience_ids:
        sending.send_due(practice_id, audience_id)
    return _count_unsent(wave, practice_id)


def _count_unsent(wave: Wave, practice_id: UUID) -> int:
    with practice_scope(practice_id, read_only=True):
        invitations = Delivery.objects.filter(wave_audience__wave=wave, round=Round.INVITATION)
        return invitations.filter(state__in=UNSENT).count()


def close_and_release(wave: Wave, owner: Member) -> None:
    """Close the wave and release every audience at once: nobody has a form open whose end would have to be awaited."""
    practice_id = owner.practice_id
    with practice_scope(practice_id):
        field.close_wave(wave, actor=owner)
        waiting = WaveAudience.objects.filter(wave=wave, state=AudienceState.CLOSED)
        audience_ids = list(waiting.values_list("pk", flat=True))
    for audience_id in audience_ids:
        mixer.close_and_release(practice_id, audience_id)
