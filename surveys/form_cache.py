"""What every request of a respondent needs and what hardly ever changes, kept per process.

Forms stay for good once they are asked: an instrument and a form never change after launch. Names of client and
practice are read anew after a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.urls import reverse

from practice.brand import accent_url
from practice.models import ClientOrganisation, Practice
from surveys.enums import AudienceState, WaveKind
from surveys.instruments import Form, Instrument, in_language, languages_of, parse_instrument
from surveys.models import Wave, WaveAudience

CACHED_FORMS = 64
CARD_SECONDS = 60.0
WITH_NAMES = "practice", "wave__engagement__client_organisation"
"""What a card reads beside an audience, for `select_related`."""

ValueT = TypeVar("ValueT")

_forms: OrderedDict[UUID, Mapping[str, Form]] = OrderedDict()
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
    """Whose survey it is, and its form in every language it can be answered in, the instrument's own first."""

    brand: Brand
    forms: Mapping[str, Form]

    @property
    def client_name(self) -> str:
        """Return the name of the company that asks."""
        return self.brand.client_name


def form_of(wave_audience: WaveAudience, language: str = "") -> Form:
    """Return the form of an audience in a language it has, else in the instrument's own."""
    forms = forms_by_language(wave_audience)
    return forms.get(language) or next(iter(forms.values()))


def forms_by_language(wave_audience: WaveAudience) -> Mapping[str, Form]:
    """Return the form of an audience in every language; kept in memory once the audience is launched."""
    forms = _forms.get(wave_audience.pk)
    if forms is None:
        wave = wave_audience.wave
        forms = {
            language: instrument_of(wave, language).form(wave_audience.form)
            for language in languages_of(wave.instrument)
        }
        if wave_audience.state != AudienceState.DRAFT:
            _keep(_forms, wave_audience.pk, forms)
    return forms


def instrument_of(wave: Wave, language: str = "") -> Instrument:
    """Return the wave's own copy of the instrument, read anew, in a language it has, else in its own."""
    return parse_instrument(in_language(wave.instrument, language), source=f"wave {wave.pk}")


def forms_of(wave: Wave, audiences: Iterable[WaveAudience], language: str = "") -> dict[str, Form]:
    """Return the form of each audience of a wave by the audience's code; the instrument is read once."""
    instrument = instrument_of(wave, language)
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
    card = AudienceCard(
        brand._replace(is_test=audience.wave.kind == WaveKind.TEST), forms_by_language(audience)
    )
    _keep(_cards, wave_audience_id, (time.monotonic(), card))
    return card


def _keep(cache: OrderedDict[UUID, ValueT], key: UUID, value: ValueT) -> None:
    cache[key] = value
    while len(cache) > CACHED_FORMS:
        cache.popitem(last=False)
