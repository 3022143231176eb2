"""What every request of a respondent needs and what hardly ever changes, kept per process.

Forms stay for good once they are asked: an instrument and a form never change after launch. Names of client and
practice are read anew after a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.urls import reverse

from practice.brand import accent_url
from practice.models import ClientOrganisation, Practice
from surveys.enums import AudienceState, WaveKind
from surveys.instruments import Form, Instrument, parse_instrument
from surveys.models import Wave, WaveAudience

CACHED_FORMS = 64
CARD_SECONDS = 60.0
WITH_NAMES = "practice", "wave__engagement__client_organisation"
"""What a card reads beside an audience, for `select_related`."""

ValueT = TypeVar("ValueT")

_forms: OrderedDict[UUID, Form] = OrderedDict()
_cards: OrderedDict[UUID, tuple[float, "AudienceCard"]] = OrderedDict()


class Brand(NamedTuple):
    """Whose names, logos and colour a survey page carries; addresses are "" where there is nothing to show.

    `is_test`: answers are test answers, which every page says.
    """

    client_name: str
    practice_name: str
    logo_url: str
    practice_logo_url: str
    accent_url: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class AudienceCard:
    """Whose survey it is, and its form."""

    brand: Brand
    form: Form

    @property
    def client_name(self) -> str:
        """Return the name of the company that asks."""
        return self.brand.client_name


def form_of(wave_audience: WaveAudience) -> Form:
    """Return the form of an audience; kept in memory once the audience is launched."""
    form = _forms.get(wave_audience.pk)
    if form is None:
        form = instrument_of(wave_audience.wave).form(wave_audience.form)
        if wave_audience.state != AudienceState.DRAFT:
            _keep(_forms, wave_audience.pk, form)
    return form


def instrument_of(wave: Wave) -> Instrument:
    """Return the wave's own copy of the instrument, read anew."""
    return parse_instrument(wave.instrument, source=f"wave {wave.pk}")


def forms_of(wave: Wave, audiences: Iterable[WaveAudience]) -> dict[str, Form]:
    """Return the form of each audience of a wave by the audience's code; the instrument is read once."""
    instrument = instrument_of(wave)
    return {row.audience: instrument.form(row.form) for row in audiences}


def is_form_cached(wave_audience_id: UUID) -> bool:
    """Tell whether `form_of` will answer without reading the wave's instrument."""
    return wave_audience_id in _forms


def cached_card(wave_audience_id: UUID) -> AudienceCard | None:
    """Return the audience's card if it was made in the last minute."""
    made_at, card = _cards.get(wave_audience_id, (0.0, None))
    return card if card is not None and time.monotonic() - made_at < CARD_SECONDS else None


def brand_for(client: ClientOrganisation, practice: Practice) -> Brand:
    """Return how survey pages of this client look."""
    return Brand(
        client.name,
        practice.name,
        _logo_url(client.logo_id),
        _logo_url(practice.logo_id),
        accent_url(practice.accent_colour),
    )


def _logo_url(logo_id: UUID | None) -> str:
    return reverse("respondent:logo", kwargs={"logo_id": logo_id}) if logo_id else ""


def read_card(wave_audience_id: UUID) -> AudienceCard:
    """Read, make and keep the audience's card."""
    rows = WaveAudience.objects.select_related(*WITH_NAMES).defer("wave__plan")
    if is_form_cached(wave_audience_id):
        rows = rows.defer("wave__instrument", "wave__plan")
    audience = rows.get(pk=wave_audience_id)
    brand = brand_for(audience.wave.engagement.client_organisation, audience.practice)
    card = AudienceCard(brand._replace(is_test=audience.wave.kind == WaveKind.TEST), form_of(audience))
    _keep(_cards, wave_audience_id, (time.monotonic(), card))
    return card


def _keep(cache: OrderedDict[UUID, ValueT], key: UUID, value: ValueT) -> None:
    cache[key] = value
    while len(cache) > CACHED_FORMS:
        cache.popitem(last=False)
