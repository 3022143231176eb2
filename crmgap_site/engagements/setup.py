"""Opening an engagement together with its first wave: the client, the question, and who is asked with which form."""

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.words import AUDIENCES
from practice import services
from practice.forms import EngagementForm
from practice.models import ClientOrganisation, Engagement, Member
from surveys.instruments import load_builtin
from surveys.services.waves import create_wave

INSTRUMENT = "die-crm"
AUDIENCE_CHOICES = list(AUDIENCES.items())


class EngagementSetupForm(EngagementForm):
    """An engagement and the audiences of its first wave."""

    audiences = forms.MultipleChoiceField(
        label=gettext_lazy("Who is asked?"),
        choices=AUDIENCE_CHOICES,
        initial=list(AUDIENCES),
        widget=forms.CheckboxSelectMultiple,
    )


def audience_lengths() -> list[dict[str, str]]:
    """Return each audience with the length of its form in minutes."""
    instrument = load_builtin(INSTRUMENT)
    return [
        {
            "title": str(name),
            "text": _("about %(minutes)s minutes") % {"minutes": instrument.form_for(code).minutes},
        }
        for code, name in AUDIENCE_CHOICES
    ]


@transaction.atomic
def open_engagement(
    *,
    actor: Member,
    client_organisation: ClientOrganisation,
    name: str,
    question: str,
    audiences: list[str],
    **wave_fields: Any,
) -> Engagement:
    """Open an engagement and its first wave in one transaction."""
    engagement = services.create_engagement(
        client=client_organisation, name=name, question=question, actor=actor
    )
    create_wave(
        engagement=engagement, actor=actor, instrument_code=INSTRUMENT, audiences=audiences, **wave_fields
    )
    return engagement
