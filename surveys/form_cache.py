"""Forms of launched audiences, derived once per process: an instrument and a form never change after launch."""

from collections import OrderedDict
from uuid import UUID

from surveys.instruments import Form, parse_instrument
from surveys.models import WaveAudience

CACHED_FORMS = 64

_forms: OrderedDict[UUID, Form] = OrderedDict()


def is_cached(wave_audience_id: UUID) -> bool:
    """Tell whether `form_of` will answer without reading the wave's instrument."""
    return wave_audience_id in _forms


def form_of(wave_audience: WaveAudience) -> Form:
    """Return the form of a launched audience."""
    form = _forms.get(wave_audience.pk)
    if form is None:
        document = wave_audience.wave.instrument
        form = parse_instrument(document, source=f"wave {wave_audience.wave_id}").form(wave_audience.form)
        _forms[wave_audience.pk] = form
        while len(_forms) > CACHED_FORMS:
            _forms.popitem(last=False)
    return form
