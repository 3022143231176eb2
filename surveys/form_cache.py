"""Forms of launched waves, parsed once per process: a wave's instrument never changes after launch."""

from functools import lru_cache
from uuid import UUID

from surveys.instruments import Form, parse_instrument
from surveys.models import Wave, WaveAudience

CACHED_FORMS = 64


def form_of(wave_audience: WaveAudience) -> Form:
    """Return the form of a wave audience; reads the instrument (one statement) at most once per process."""
    return _form(wave_audience.wave_id, wave_audience.form)


@lru_cache(maxsize=CACHED_FORMS)
def _form(wave_id: UUID, code: str) -> Form:
    document = Wave.objects.values_list("instrument", flat=True).get(pk=wave_id)
    return parse_instrument(document, source=f"wave {wave_id}").form(code)
