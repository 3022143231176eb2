"""Open links: made, changed and ended; their channel opens and closes with its audience."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from practice.permissions import ensure
from practice.sealing import wrap_key
from surveys import links
from surveys.disclosure import MIN_GROUP
from surveys.enums import AudienceState, Channel, Mode
from surveys.mixer import MIXING
from surveys.models import OpenLink, Quota, Wave, WaveAudience
from surveys.open_visits import seal_code

OPEN_BY_DEFAULT: Final = "customers"
ENDED: Final = (AudienceState.CLOSED, AudienceState.RELEASED)
RUNNING: Final = (AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED)
IDLE_SECONDS: Final = (30, 600)
MAX_LINKS: Final = 200
MIN_CODE, MAX_CODE = 4, 40


@transaction.atomic
def create_open_link(
    *,
    audience: WaveAudience,
    name: str,
    actor: Member,
    attributes: Mapping[str, str] | None = None,
    accepts_staff: bool = False,
    is_kiosk: bool = False,
    idle_seconds: int = 90,
    access_code: str = "",
) -> OpenLink:
    """Make an open link of an audience, and its channel with the first one; a launched wave opens it at once.

    Staff audiences need `accepts_staff`: anybody with the address can answer for them. What is kept with answers is
    fixed when the channel opens. Raises InvalidInputError and WrongStateError.
    """
    ensure(actor, "wave.edit")
    wave = Wave.objects.select_for_update(no_key=True).get(pk=audience.wave_id)
    _ensure_may_be_open(audience, accepts_staff=accepts_staff)
    _ensure_values(name, idle_seconds, access_code)
    channel = _channel(wave, audience)
    if channel.state in ENDED:
        raise WrongStateError(_("The open link of this audience is closed for good."))
    if channel.open_links.count() >= MAX_LINKS:
        raise WrongStateError(
            _("%(most)s open links are the most an audience can have.") % {"most": MAX_LINKS}
        )
    kept = {
        key.strip(): value.strip()
        for key, value in (attributes or {}).items()
        if key.strip() and value.strip()
    }
    if channel.state != AudienceState.DRAFT and not set(kept) <= set(channel.kept_attributes):
        text = _("What is kept with answers was fixed at the launch: %(names)s.") % {
            "names": ", ".join(channel.kept_attributes) or _("nothing")
        }
        raise InvalidInputError(text, fields={"attribute": text})
    link = OpenLink(
        wave_audience=channel,
        name=name.strip(),
        attributes=kept,
        is_kiosk=is_kiosk,
        idle_seconds=idle_seconds,
        access_code=seal_code(access_code.strip()) if access_code.strip() else None,
    )
    link.digest = links.digest_of(links.open_token_for(channel, link))
    link.save(force_insert=True)
    audit.record("open_link.created", link, actor=actor)
    if channel.state == AudienceState.DRAFT and wave.launched_at is not None:
        _open_in_running_wave(channel, audience, wave, actor)
    return link


def _ensure_may_be_open(audience: WaveAudience, *, accepts_staff: bool) -> None:
    if audience.source:
        raise WrongStateError(_("The answers of this audience were collected elsewhere."))
    if audience.audience != OPEN_BY_DEFAULT and not accepts_staff:
        text = _("Say that anybody with the address may answer for this audience, also more than once.")
        raise InvalidInputError(_("An open link for staff needs a decision."), fields={"accepts_staff": text})


def _ensure_values(name: str, idle_seconds: int, access_code: str) -> None:
    fields = {}
    if not 1 <= len(name.strip()) <= 80:
        fields["name"] = _("Give a name of 1 to 80 characters.")
    if not IDLE_SECONDS[0] <= idle_seconds <= IDLE_SECONDS[1]:
        fields["idle_seconds"] = _("Between 30 and 600 seconds.")
    if access_code.strip() and not MIN_CODE <= len(access_code.strip()) <= MAX_CODE:
        fields["access_code"] = _("4 to 40 characters.")
    if fields:
        raise InvalidInputError(_("The open link was not made."), fields=fields)


def _channel(wave: Wave, audience: WaveAudience) -> WaveAudience:
    """Return the open-link channel of an audience; made with the first link, with keys of its own."""
    channel, _created = WaveAudience.objects.select_for_update(of=("self",)).get_or_create(
        wave=wave,
        audience=audience.audience,
        channel=Channel.OPEN,
        defaults={
            "form": audience.form,
            "mode": Mode.CONFIDENTIAL,
            "link_key": links.new_link_key(),
            "mixing_key": wrap_key(secrets.token_bytes(32), MIXING),
        },
    )
    return channel


def _open_in_running_wave(channel: WaveAudience, audience: WaveAudience, wave: Wave, actor: Member) -> None:
    running = WaveAudience.objects.filter(wave=wave, state__in=RUNNING, closes_at__gt=timezone.now())
    own = running.filter(audience=audience.audience).first()
    last = own or running.order_by("-closes_at").first()
    if last is None or last.closes_at is None:
        raise WrongStateError(_("The wave is over. Plan another one to ask by an open link."))
    open_channel(channel, max(timezone.now(), last.opens_at or timezone.now()), last.closes_at)
    audit.record("audience.opened", channel, actor=actor)


def channels_to_open(wave: Wave) -> list[WaveAudience]:
    """Return the open-link channels that a launch opens: drafts with a link."""
    drafts = WaveAudience.objects.select_for_update(of=("self",)).filter(
        wave=wave, channel=Channel.OPEN, state=AudienceState.DRAFT
    )
    with_links = OpenLink.objects.filter(wave_audience__wave=wave, is_off=False).values("wave_audience")
    return list(drafts.filter(pk__in=with_links))


def open_channel(channel: WaveAudience, start: datetime, end: datetime) -> None:
    """Open a channel; what its links keep with answers is fixed from now on."""
    kept = OpenLink.objects.filter(wave_audience=channel).values_list("attributes", flat=True)
    channel.opens_at, channel.closes_at = start, end
    channel.state = AudienceState.OPEN if start <= timezone.now() else AudienceState.SCHEDULED
    channel.kept_attributes = sorted({name for attributes in kept for name in attributes})
    channel.save(update_fields=["opens_at", "closes_at", "state", "kept_attributes"])


def address_of(link: OpenLink) -> str:
    """Return the whole address of an open link; an empty text once its audience is released."""
    if link.wave_audience.link_key is None:
        return ""
    token = links.open_token_for(link.wave_audience, link)
    return f"{settings.BASE_URL}{reverse('respondent:open_landing', kwargs={'token': token})}"


@transaction.atomic
def switch_open_link(link: OpenLink, *, is_off: bool, actor: Member) -> OpenLink:
    """Switch an open link off, so that its address leads nowhere, or on again; its answers stay."""
    ensure(actor, "wave.edit")
    locked = OpenLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if locked.is_off != is_off:
        locked.is_off = is_off
        locked.save(update_fields=["is_off"])
        audit.record("open_link.switched_off" if is_off else "open_link.switched_on", locked, actor=actor)
    return locked


@transaction.atomic
def renew_open_link(link: OpenLink, *, actor: Member) -> OpenLink:
    """Give an open link a new address; the old one leads nowhere from now on, also for visits begun by it."""
    ensure(actor, "wave.edit")
    locked = OpenLink.objects.select_for_update(of=("self",)).select_related("wave_audience").get(pk=link.pk)
    if locked.wave_audience.link_key is None:
        raise WrongStateError(_("The open link of this audience is closed for good."))
    locked.generation += 1
    locked.digest = links.digest_of(links.open_token_for(locked.wave_audience, locked))
    locked.save(update_fields=["generation", "digest"])
    audit.record("open_link.renewed", locked, actor=actor)
    return locked


@transaction.atomic
def delete_open_link(link: OpenLink, *, actor: Member) -> None:
    """Delete an open link by which nobody could answer yet, with quotas for values that no other link keeps.

    Once its channel has opened a link is counted, so it can only be switched off: then this raises WrongStateError.
    """
    ensure(actor, "wave.edit")
    channel = WaveAudience.objects.select_for_update(of=("self",)).get(pk=link.wave_audience_id)
    if channel.state != AudienceState.DRAFT:
        raise WrongStateError(_("People can answer by this link, or could: switch it off instead."))
    audit.record("open_link.deleted", link, actor=actor)
    OpenLink.objects.filter(pk=link.pk).delete()
    left = list(OpenLink.objects.filter(wave_audience=channel).values_list("attributes", flat=True))
    for quota in Quota.objects.filter(wave_audience=channel):
        if not any(not quota.attribute or row.get(quota.attribute) == quota.value for row in left):
            quota.delete()


@transaction.atomic
def set_quota(
    *, channel: WaveAudience, most: int, actor: Member, attribute: str = "", value: str = ""
) -> Quota:
    """Set how many answers by open links are enough: of all, or of those with one value of an attribute.

    Nobody begins once so many have finished; whoever has begun may finish.
    """
    ensure(actor, "wave.edit")
    fields = {}
    if not MIN_GROUP <= most <= 1_000_000:
        fields["most"] = _("At least %(least)s: a smaller number would tell who answered.") % {
            "least": MIN_GROUP
        }
    if bool(attribute) != bool(value):
        fields["value"] = _("Choose an attribute together with its value.")
    known = OpenLink.objects.filter(wave_audience=channel).values_list("attributes", flat=True)
    if attribute and value and not any(row.get(attribute) == value for row in known):
        fields["value"] = _("No open link keeps this value with its answers.")
    if fields:
        raise InvalidInputError(_("The quota was not set."), fields=fields)
    quota, _created = Quota.objects.update_or_create(
        wave_audience=channel, attribute=attribute, value=value, defaults={"most": most}
    )
    audit.record("quota.set", quota, actor=actor)
    return quota


@transaction.atomic
def remove_quota(quota: Quota, *, actor: Member) -> None:
    """Let people answer without this limit."""
    ensure(actor, "wave.edit")
    audit.record("quota.removed", quota, actor=actor)
    quota.delete()
