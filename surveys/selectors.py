"""Reads of the surveys room: every object reaches a page or endpoint through one of these, foreign = 404."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from practice.enums import Role
from practice.models import Engagement, Member
from practice.selectors import get_or_404
from surveys.disclosure import MIN_GROUP, minimum_for, safe_total
from surveys.enums import ASKING, AudienceState, Channel, DeliveryState, Mode, Round, WaveKind
from surveys.models import (
    Delivery,
    Draft,
    LedgerEntry,
    OpenLink,
    PeopleImport,
    Quota,
    Recipient,
    ResponseImport,
    Wave,
    WaveAudience,
)
from surveys.retention import INVITED

SENT = frozenset({DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED})
BOUNCED = frozenset({DeliveryState.BOUNCED_HARD, DeliveryState.BOUNCED_SOFT})
FUTURE = (DeliveryState.PLANNED, DeliveryState.QUEUED, DeliveryState.RETRY)


def waves_for(member: Member) -> QuerySet[Wave]:
    """Return the waves the member may see, with engagement and client."""
    waves = Wave.objects.select_related("engagement__client_organisation")
    if member.role == Role.CLIENT_VIEWER:
        waves = waves.filter(engagement__client_organisation__viewers=member)
    return waves


def get_wave_for(member: Member, public_id: UUID | str) -> Wave:
    """Return one wave, or 404."""
    wave: Wave = get_or_404(waves_for(member), public_id)
    return wave


def waves_of_engagement(member: Member, engagement: Engagement) -> QuerySet[Wave]:
    """Return the waves of an engagement that are no tests, newest first."""
    return waves_for(member).filter(engagement=engagement).exclude(kind=WaveKind.TEST).order_by("-number")


def latest_wave_of(engagement: Engagement) -> Wave | None:
    """Return the newest wave of an engagement that is no test, or None."""
    waves = Wave.objects.select_related("engagement__client_organisation").exclude(kind=WaveKind.TEST)
    return waves.filter(engagement=engagement).order_by("-number", "-created_at").first()


def get_audience_for(member: Member, public_id: UUID | str) -> WaveAudience:
    """Return one wave audience, or 404."""
    audiences = WaveAudience.objects.select_related("wave__engagement__client_organisation")
    audience: WaveAudience = get_or_404(audiences.filter(wave__in=waves_for(member)), public_id)
    return audience


def get_import_for(member: Member, public_id: UUID | str) -> PeopleImport:
    """Return one uploaded list, or 404."""
    uploads = PeopleImport.objects.select_related("wave__engagement__client_organisation")
    upload: PeopleImport = get_or_404(uploads.filter(wave__in=waves_for(member)), public_id)
    return upload


def get_response_import_for(member: Member, public_id: UUID | str) -> ResponseImport:
    """Return one upload of answers collected elsewhere, or 404."""
    uploads = ResponseImport.objects.select_related("wave_audience__wave__engagement__client_organisation")
    upload: ResponseImport = get_or_404(uploads.filter(wave_audience__wave__in=waves_for(member)), public_id)
    return upload


def get_open_link_for(
    member: Member, public_id: UUID | str, *, engagement: Engagement | None = None
) -> OpenLink:
    """Return one open link, of an engagement if it is named, or 404."""
    waves = waves_for(member)
    waves = waves if engagement is None else waves.filter(engagement=engagement)
    links = OpenLink.objects.select_related("wave_audience__wave__engagement__client_organisation")
    link: OpenLink = get_or_404(links.filter(wave_audience__wave__in=waves), public_id)
    return link


def get_quota_for(member: Member, public_id: UUID | str) -> Quota:
    """Return one quota, or 404."""
    quotas = Quota.objects.select_related("wave_audience").filter(wave_audience__wave__in=waves_for(member))
    quota: Quota = get_or_404(quotas, public_id)
    return quota


def quotas_of(wave: Wave) -> QuerySet[Quota]:
    """Return the quotas of a wave's open links with their channels."""
    return Quota.objects.filter(wave_audience__wave=wave).select_related("wave_audience")


def people_of_wave(wave: Wave) -> QuerySet[Recipient]:
    """Return the roster of a wave with the audience of each person, by address."""
    people = Recipient.objects.filter(wave_audience__wave=wave).select_related("wave_audience")
    return people.order_by("email_key", "pk")


def people_by_audience(wave: Wave) -> dict[str, int]:
    """Return how many people are on the roster of each audience of the wave."""
    counts = Recipient.objects.filter(wave_audience__wave=wave).values("wave_audience__audience")
    found = {row["wave_audience__audience"]: row["n"] for row in counts.order_by().annotate(n=Count("pk"))}
    return {audience.audience: found.get(audience.audience, 0) for audience in wave.audiences.all()}


@dataclass(frozen=True, slots=True)
class AudienceField:
    """How one audience stands: mails of the invitation by outcome, answers as totals that may be shown."""

    audience: WaveAudience
    n_invited: int
    n_waiting: int
    n_accepted: int
    n_delivered: int
    n_bounced: int
    n_uncertain: int
    n_suppressed: int
    n_reminded: int
    n_started: int | None
    n_finished: int | None
    n_needed: int

    @property
    def is_hidden(self) -> bool:
        """True when even totals of answers would tell too much, or none were counted yet."""
        return self.n_finished is None

    @property
    def rate(self) -> float | None:
        """Share of the invited who finished, where both may be shown."""
        if self.n_finished is None or self.n_invited < MIN_GROUP:
            return None
        return self.n_finished / self.n_invited

    @property
    def lamp(self) -> str:
        """Publishable yet: `ok`, `soon` (at least half of what is needed) or `no`."""
        if self.n_finished is None:
            return "no"
        if self.n_finished >= self.n_needed:
            return "ok"
        return "soon" if 2 * self.n_finished >= self.n_needed else "no"


@dataclass(frozen=True, slots=True)
class OpenLinkField:
    """How the open-link channel of an audience stands; nobody is invited there, so there is no rate."""

    channel: WaveAudience
    n_links: int

    @property
    def n_started(self) -> int | None:
        """Visits begun; None while a total would tell too much, or none was counted yet."""
        started: int | None = self.channel.totals.get("started")
        return started

    @property
    def n_finished(self) -> int | None:
        """Visits finished; None as above."""
        finished: int | None = self.channel.totals.get("finished")
        return finished


@dataclass(frozen=True, slots=True)
class FieldView:
    """The field of a wave. Nobody's answer state is in it."""

    wave: Wave
    audiences: tuple[AudienceField, ...]
    open_links: tuple[OpenLinkField, ...] = ()

    @property
    def n_uncertain(self) -> int:
        """Mails of which nobody knows whether they were accepted."""
        return sum(row.n_uncertain for row in self.audiences)


def field_view(wave: Wave) -> FieldView:
    """Return the field view of a wave with a constant number of queries."""
    audiences = list(wave.audiences.all().order_by("pk"))
    counts: dict[tuple[UUID, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Delivery.objects.filter(wave_audience__wave=wave).values("wave_audience", "round", "state")
    for row in rows.order_by().annotate(n=Count("pk")):
        counts[row["wave_audience"], row["round"]][row["state"]] += row["n"]
    uncertain = {
        row["wave_audience"]: row["n"]
        for row in Delivery.objects.filter(wave_audience__wave=wave, was_uncertain=True)
        .values("wave_audience")
        .order_by()
        .annotate(n=Count("pk"))
    }
    live = _live_totals(wave)
    shown = tuple(_audience_field(audience, counts, uncertain, live) for audience in audiences)
    return FieldView(wave, shown, open_channels_of(wave))


def open_channels_of(wave: Wave) -> tuple[OpenLinkField, ...]:
    """Return the open-link channels of a wave with the number of their links."""
    channels = WaveAudience.objects.filter(wave=wave, channel=Channel.OPEN)
    counted = list(channels.annotate(n_links=Count("open_links")).order_by("audience"))
    for channel in counted:
        channel.wave = wave  # its client's zone is asked per row, as for the audiences, which know their wave
    return tuple(OpenLinkField(channel, channel.n_links) for channel in counted)


def open_links_of(wave: Wave) -> QuerySet[OpenLink]:
    """Return the open links of a wave with their channels, in the order in which they were made."""
    links = OpenLink.objects.filter(wave_audience__wave=wave).select_related("wave_audience")
    return links.order_by("created_at", "pk")


def _live_totals(wave: Wave) -> dict[UUID, tuple[int, int]]:
    """Return (started, finished) of the named audiences; the others have totals that are renewed hourly."""
    named = {"wave_audience__wave": wave, "wave_audience__mode": Mode.NAMED}
    finished = _count_by_audience(LedgerEntry.objects.filter(submitted=True, **named))
    drafts = _count_by_audience(Draft.objects.filter(**named))
    return {
        key: (finished.get(key, 0) + drafts.get(key, 0), finished.get(key, 0)) for key in finished | drafts
    }


def _count_by_audience(rows: QuerySet[LedgerEntry] | QuerySet[Draft]) -> dict[UUID, int]:
    counted = rows.values("wave_audience").order_by().annotate(n=Count("pk"))
    return {row["wave_audience"]: row["n"] for row in counted}


def _audience_field(
    audience: WaveAudience,
    counts: dict[tuple[UUID, str], dict[str, int]],
    uncertain: dict[UUID, int],
    live: dict[UUID, tuple[int, int]],
) -> AudienceField:
    invitation = counts[audience.pk, Round.INVITATION]
    n_invited = sum(invitation.values()) or audience.totals.get(INVITED, 0)
    reminded = sum(
        n
        for (key, code), states in counts.items()
        if key == audience.pk and code in ASKING and code != Round.INVITATION
        for state, n in states.items()
        if state in SENT
    )
    started: int | None
    finished: int | None
    if (
        audience.mode == Mode.NAMED
        and audience.state != AudienceState.DRAFT
        and INVITED not in audience.totals
    ):
        started, finished = live.get(audience.pk, (0, 0))
    else:
        started, finished = audience.totals.get("started"), audience.totals.get("finished")
    known_invited = None if audience.source else n_invited
    return AudienceField(
        audience=audience,
        n_invited=n_invited,
        n_waiting=sum(invitation[state] for state in [*FUTURE, DeliveryState.SENDING]),
        n_accepted=sum(invitation[state] for state in SENT),
        n_delivered=invitation[DeliveryState.DELIVERED],
        n_bounced=sum(invitation[state] for state in BOUNCED),
        n_uncertain=uncertain.get(audience.pk, 0),
        n_suppressed=invitation[DeliveryState.SUPPRESSED],
        n_reminded=reminded if n_invited >= MIN_GROUP else 0,
        n_started=started if started is None else safe_total(started, invited=n_invited),
        n_finished=finished if finished is None else safe_total(finished, invited=known_invited),
        n_needed=minimum_for(audience.audience, named=audience.mode == Mode.NAMED),
    )
