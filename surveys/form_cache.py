"""What every request of a respondent needs and what hardly ever changes, kept per process.

Forms stay for good: an instrument and a form never change after launch. Names of client and practice are read anew
after a minute.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from surveys.instruments import Form, parse_instrument
from surveys.models import WaveAudience

CACHED_FORMS = 64
CARD_SECONDS = 60.0
WITH_NAMES = "practice", "wave__engagement__client_organisation"
"""What a card reads beside an audience, for `select_related`."""

ValueT = TypeVar("ValueT")

_forms: OrderedDict[UUID, Form] = OrderedDict()
_cards: OrderedDict[UUID, tuple[float, "AudienceCard"]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class AudienceCard:
    """Whose survey it is, and its form."""

    client_name: str
    practice_name: str
    form: Form


def form_of(wave_audience: WaveAudience) -> Form:
    """Return the form of a launched audience."""
    form = _forms.get(wave_audience.pk)
    if form is None:
        document = wave_audience.wave.instrument
        form = parse_instrument(document, source=f"wave {wave_audience.wave_id}").form(wave_audience.form)
        _keep(_forms, wave_audience.pk, form)
    return form


def is_form_cached(wave_audience_id: UUID) -> bool:
    """Tell whether `form_of` will answer without reading the wave's instrument."""
    return wave_audience_id in _forms


def cached_card(wave_audience_id: UUID) -> AudienceCard | None:
    """Return the audience's card if it was made in the last minute."""
    made_at, card = _cards.get(wave_audience_id, (0.0, None))
    return card if card is not None and time.monotonic() - made_at < CARD_SECONDS else None


def read_card(wave_audience_id: UUID) -> AudienceCard:
    """Read, make and keep the audience's card."""
    rows = WaveAudience.objects.select_related(*WITH_NAMES).defer("wave__plan")
    if is_form_cached(wave_audience_id):
        rows = rows.defer("wave__instrument", "wave__plan")
    audience = rows.get(pk=wave_audience_id)
    card = AudienceCard(
        audience.wave.engagement.client_organisation.name, audience.practice.name, form_of(audience)
    )
    _keep(_cards, wave_audience_id, (time.monotonic(), card))
    return card


def _keep(cache: OrderedDict[UUID, ValueT], key: UUID, value: ValueT) -> None:
    cache[key] = value
    while len(cache) > CACHED_FORMS:
        cache.popitem(last=False)
