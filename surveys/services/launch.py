"""Launch: everything that will be sent becomes rows in one transaction; late people join the running plan."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import WrongStateError
from practice.models import Member, SenderIdentity
from practice.sealing import wrap_key
from surveys import links
from surveys.attributes import keep_attributes, known_values, reduce_attributes
from surveys.enums import AudienceState, DeliveryState, Mode, Round, WaveKind
from surveys.form_cache import instrument_of
from surveys.mail.senders import identity_for
from surveys.mail.texts import check_texts
from surveys.mail.waking import wake_audience
from surveys.mixer import MIXING
from surveys.models import Delivery, LedgerEntry, Recipient, SurveyLink, Wave, WaveAudience
from surveys.plan import Dates, dates_of, plan_for
from surveys.retention import months_promised
from surveys.services.field import RUNNING
from surveys.services.open_links import channels_to_open, open_channel

CHUNK = 2_000


@transaction.atomic
def launch_wave(
    *, wave: Wave, actor: Member | None, opens_at: datetime | None = None, closes_at: datetime | None = None
) -> Wave:
    """Open the wave by its plan: links, ledger and one delivery per recipient and round; a second call changes nothing.

    Audiences without people stay drafts; open links open with the wave; the sender of the mails is fixed. Raises
    WrongStateError when nobody is to be asked, or the sender is not verified.
    """
    locked = Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)
    if locked.launched_at is not None:
        return locked
    check_texts(locked)
    sender = verified_sender(locked)
    launched, now = [], timezone.now()
    for audience in locked.audiences.select_for_update(of=("self",)).filter(state=AudienceState.DRAFT):
        people = list(Recipient.objects.filter(wave_audience=audience))
        if people:
            _ensure_enough(locked, audience, len(people))
            dates = planned_dates(locked, audience.audience, now=now, start=opens_at)
            open_audience(audience, people, dates.opens_at, closes_at or dates.closes_at, dates.rounds)
            plan_deliveries(audience, people, dates.rounds)
            launched.append(audience)
    channels = channels_to_open(locked)
    for channel in channels:
        dates = planned_dates(locked, channel.audience, now=now, start=opens_at)
        open_channel(channel, dates.opens_at, closes_at or dates.closes_at)
    if not launched and not channels:
        raise WrongStateError(_("Nobody is to be asked yet. Import people first."))
    opened = [row.opens_at for row in [*launched, *channels] if row.opens_at]
    locked.sender, locked.launched_at = sender, min(opened, default=now)
    locked.keep_months = months_promised()
    locked.save(update_fields=["sender", "launched_at", "keep_months"])
    audit.record("wave.launched", locked, actor=actor)
    for audience in launched:
        wake_audience(audience)
    return locked


def verified_sender(wave: Wave) -> SenderIdentity | None:
    """Return the identity the wave's mails will carry (None: the practice's own name); raises WrongStateError."""
    sender = identity_for(wave)
    if sender is not None and not sender.is_ready:
        raise WrongStateError(
            _(
                "The sender %(name)s is not verified. Confirm its test mail in the settings, or choose another one."
            )
            % {"name": sender.from_name}
        )
    return sender


def _ensure_enough(wave: Wave, audience: WaveAudience, n_people: int) -> None:
    """Refuse a form that asks each person a random half where too few people are asked for that."""
    form = instrument_of(wave).form(audience.form)
    if n_people < form.least and wave.kind != WaveKind.TEST:
        text = _(
            "The form “%(form)s” needs %(least)s answers and more: choose another one, or ask more people."
        )
        raise WrongStateError(text % {"form": form.title, "least": form.least})


def planned_dates(
    wave: Wave, audience: str, *, now: datetime | None = None, start: datetime | None = None
) -> Dates:
    """Return when the mails of an audience leave and when it closes if the wave is launched now."""
    zone = wave.engagement.client_organisation.zone
    return dates_of(plan_for(wave.plan, audience), zone, now=now or timezone.now(), start=start)


def open_audience(
    audience: WaveAudience,
    people: Sequence[Recipient],
    start: datetime,
    end: datetime,
    rounds: Mapping[str, datetime],
) -> None:
    """Open an audience for these people: keys of its links and of its mixer, attributes kept with each answer.

    `rounds` is kept with the audience, for people who join later. Raises WrongStateError when it ends before it starts.
    """
    if end <= start:
        raise WrongStateError(_("The wave must close after it opens."))
    audience.opens_at, audience.closes_at = start, end
    audience.rounds = {code: {"at": moment.isoformat()} for code, moment in rounds.items()}
    audience.state = AudienceState.OPEN if start <= timezone.now() else AudienceState.SCHEDULED
    audience.link_key = links.new_link_key()
    reduced = [reduce_attributes(person.attributes, audience.attribute_plan) for person in people]
    if audience.mode == Mode.CONFIDENTIAL:
        audience.mixing_key = wrap_key(secrets.token_bytes(32), MIXING)
        audience.kept_attributes = keep_attributes(reduced)
        # Who changes the roster after the launch cannot mark an answer by a value of its own.
        values = known_values(reduced, audience.kept_attributes)
        audience.attribute_plan = {**audience.attribute_plan, "values": values}
    else:
        audience.kept_attributes = sorted({name for person in reduced for name in person})
    audience.save()


def plan_deliveries(
    audience: WaveAudience, people: Iterable[Recipient], rounds: Mapping[str, datetime]
) -> None:
    """Write links and ledger of these people, and one delivery per round."""
    people = list(people)
    SurveyLink.objects.bulk_create(
        [
            SurveyLink(
                wave_audience=audience,
                recipient=person,
                digest=links.digest_of(links.token_for(audience, person)),
            )
            for person in people
        ],
        batch_size=CHUNK,
    )
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(wave_audience=audience, recipient=person) for person in people], batch_size=CHUNK
    )
    Delivery.objects.bulk_create(
        [
            Delivery(
                wave_audience=audience,
                recipient=person,
                round=code,
                due_at=due,
                state=DeliveryState.QUEUED if code == Round.INVITATION else DeliveryState.PLANNED,
            )
            for code, due in rounds.items()
            for person in people
        ],
        batch_size=CHUNK,
    )


def audiences_taking_people(wave: Wave) -> list[WaveAudience]:
    """Return the audiences to which people may be added: those that run, and drafts until the wave is over."""
    audiences = list(wave.audiences.all())
    is_over = wave.launched_at is not None and _close_of_running(audiences) is None
    takes = RUNNING if is_over else RUNNING | {AudienceState.DRAFT}
    return [audience for audience in audiences if audience.state in takes]


def _close_of_running(audiences: Iterable[WaveAudience]) -> datetime | None:
    """Return when the last of these audiences that still runs will close; None when none runs."""
    dates = [
        audience.closes_at
        for audience in audiences
        if audience.state in RUNNING and audience.closes_at and audience.closes_at > timezone.now()
    ]
    return max(dates, default=None)


def join_running_plan(
    audience: WaveAudience, people: Sequence[Recipient], *, actor: Member | None = None
) -> None:
    """Give people added after the launch their link, invitation now and the reminders still to come.

    An audience that had nobody at launch opens with its first people and closes with the last running one.
    """
    launched_at = audience.wave.launched_at
    if people and audience.state == AudienceState.DRAFT and launched_at is not None:
        end = _close_of_running(audience.wave.audiences.all())
        if end is None:
            raise WrongStateError(_("The wave is over. Plan another one to ask these people."))
        people = list(Recipient.objects.filter(wave_audience=audience))
        dates = planned_dates(audience.wave, audience.audience, start=max(launched_at, timezone.now()))
        open_audience(audience, people, dates.opens_at, end, dates.rounds)
        audit.record("audience.opened", audience, actor=actor)
    if not people or audience.state not in RUNNING:
        return
    plan_deliveries(audience, people, _rounds_still_to_come(audience))
    wake_audience(audience)


def _rounds_still_to_come(audience: WaveAudience) -> dict[str, datetime]:
    """Return the rounds for somebody who joins now: the invitation at once, and the reminders to come."""
    now = timezone.now()
    opens = audience.opens_at or now
    if audience.rounds:
        rounds = {code: datetime.fromisoformat(row["at"]) for code, row in audience.rounds.items()}
    else:  # launched before rounds were kept
        rounds = dict(planned_dates(audience.wave, audience.audience, start=opens).rounds)
    first = max(now, rounds.pop(Round.INVITATION, opens) if opens > now else opens)
    window = plan_for(audience.wave.plan, audience.audience).window
    if window:
        first = window.next_open(first, audience.wave.engagement.client_organisation.zone)
    return {Round.INVITATION: first} | {code: due for code, due in rounds.items() if due > first}
