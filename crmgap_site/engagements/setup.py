"""Opening an engagement together with its first wave: the client, the question, and who is asked with which form."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from diagnosis.words import AUDIENCES
from practice import services
from practice.forms import EngagementForm
from practice.models import ClientOrganisation, Engagement, Member
from surveys.instruments import BUILTIN, Instrument, builtin_components, load_builtin
from surveys.services.waves import create_wave

DEFAULT_INSTRUMENT = "die-crm"
AUDIENCE_CHOICES = list(AUDIENCES.items())
STANDARD = "standard"
VARIANTS = [
    (STANDARD, gettext_lazy("Standard: all statements")),
    ("short", gettext_lazy("Short: two statements of each dimension")),
    ("pulse", gettext_lazy("Pulse: customers say only what they get today; staff keep the standard form")),
]
VARIANT_WORDS = {
    STANDARD: gettext_lazy("standard"),
    "short": gettext_lazy("short"),
    "pulse": gettext_lazy("pulse"),
    "split": gettext_lazy("split"),
}


def instrument_choices() -> list[tuple[str, str]]:
    """Return the built-in questionnaires, each with who is asked."""
    found = []
    for code in BUILTIN:
        instrument = load_builtin(code, language=get_language() or "")
        names = ", ".join(str(AUDIENCES.get(row.code, row.name)) for row in instrument.audiences)
        found.append((code, f"{instrument.title} ({names})"))
    return found


def component_choices() -> list[tuple[str, str]]:
    """Return the parts that may be switched on, each with what it asks."""
    return [
        (part.code, _("%(name)s: %(text)s") % {"name": part.name, "text": part.description})
        for part in builtin_components(DEFAULT_INSTRUMENT, get_language() or "")
    ]


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

    variant = forms.ChoiceField(
        label=gettext_lazy("How long are the forms?"),
        choices=VARIANTS,
        initial=STANDARD,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Can be chosen for each audience until the launch."),
    )
    components = forms.MultipleChoiceField(
        label=gettext_lazy("Further parts"),
        choices=component_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        if data is not None and not {"instrument", "variant"} <= set(data):
            data = data.copy()
            data.setdefault("instrument", DEFAULT_INSTRUMENT)
            data.setdefault("variant", STANDARD)
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
        instrument = load_builtin(data["instrument"])
        variant = data.pop("variant", STANDARD)
        data["forms"] = {
            code: form for code in chosen if (form := _form_of_variant(instrument, code, variant))
        }
        on_offer = {part.code for part in builtin_components(data["instrument"])}
        data["components"] = [code for code in data.get("components", []) if code in on_offer]
        return data


def _form_of_variant(instrument: Instrument, audience: str, variant: str) -> str:
    """Return the form of an audience in this variant, "" when it has none and keeps its default."""
    plans = [plan for plan in instrument.definition.forms if plan.audience == audience]
    return next((plan.code for plan in plans if plan.variant == variant), "")


def audience_lengths() -> list[dict[str, str]]:
    """Return each audience with the length of its forms in minutes (standard first), for every questionnaire."""
    rows = []
    for code in BUILTIN:
        instrument = load_builtin(code, language=get_language() or "")
        for audience in instrument.audiences:
            forms = instrument.forms_for(audience.code)
            lengths = [_("%(minutes)s min") % {"minutes": form.minutes} for form in forms]
            if len(forms) > 1:
                plans = {plan.code: plan.variant for plan in instrument.definition.forms}
                names = [VARIANT_WORDS.get(plans[form.code], form.title) for form in forms]
                lengths = [f"{name} {length}" for name, length in zip(names, lengths, strict=True)]
            rows.append(
                {
                    "title": _("%(name)s: %(text)s")
                    % {"name": instrument.title, "text": AUDIENCES.get(audience.code, audience.name)},
                    "text": ", ".join(lengths),
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
