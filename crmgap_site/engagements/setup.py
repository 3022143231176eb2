"""Opening an engagement together with its first wave: the client, the question, and who is asked with which form."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.words import AUDIENCES
from practice import services
from practice.forms import EngagementForm
from practice.models import ClientOrganisation, Engagement, Member
from surveys.instruments import BUILTIN, load_builtin
from surveys.services.waves import create_wave

DEFAULT_INSTRUMENT = "die-crm"
AUDIENCE_CHOICES = list(AUDIENCES.items())


def instrument_choices() -> list[tuple[str, str]]:
    """Return the built-in questionnaires, each with who is asked."""
    found = []
    for code in BUILTIN:
        instrument = load_builtin(code)
        names = ", ".join(str(AUDIENCES.get(row.code, row.name)) for row in instrument.audiences)
        found.append((code, f"{instrument.title} ({names})"))
    return found


class EngagementSetupForm(EngagementForm):
    """An engagement, the questionnaire and the audiences of its first wave."""

    instrument = forms.ChoiceField(
        label=gettext_lazy("Questionnaire"),
        choices=instrument_choices,
        initial=DEFAULT_INSTRUMENT,
        widget=forms.RadioSelect,
    )
    audiences = forms.MultipleChoiceField(
        label=gettext_lazy("Who is asked?"),
        choices=AUDIENCE_CHOICES,
        initial=list(AUDIENCES),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        if data is not None and "instrument" not in data:
            data = data.copy()
            data["instrument"] = DEFAULT_INSTRUMENT
        super().__init__(data, *args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Keep the audiences the questionnaire has a form for; at least one must be left."""
        data = super().clean() or self.cleaned_data
        if "instrument" not in data:
            return data
        asked = [row.code for row in load_builtin(data["instrument"]).audiences]
        chosen = [code for code in data.get("audiences", []) if code in asked]
        if data.get("audiences") and not chosen:
            names = ", ".join(str(AUDIENCES.get(code, code)) for code in asked)
            self.add_error("audiences", _("This questionnaire asks: %(names)s.") % {"names": names})
        data["audiences"] = chosen
        return data


def audience_lengths() -> list[dict[str, str]]:
    """Return each audience with the length of its form in minutes, for every questionnaire."""
    rows = []
    for code in BUILTIN:
        instrument = load_builtin(code)
        for audience in instrument.audiences:
            minutes = instrument.form_for(audience.code).minutes
            rows.append(
                {
                    "title": f"{instrument.title}: {AUDIENCES.get(audience.code, audience.name)}",
                    "text": _("about %(minutes)s minutes") % {"minutes": minutes},
                }
            )
    return rows


@transaction.atomic
def open_engagement(
    *,
    actor: Member,
    client_organisation: ClientOrganisation,
    name: str,
    question: str,
    audiences: list[str],
    instrument: str = DEFAULT_INSTRUMENT,
    **wave_fields: Any,
) -> Engagement:
    """Open an engagement and its first wave in one transaction."""
    engagement = services.create_engagement(
        client=client_organisation, name=name, question=question, actor=actor
    )
    create_wave(
        engagement=engagement, actor=actor, instrument_code=instrument, audiences=audiences, **wave_fields
    )
    return engagement
