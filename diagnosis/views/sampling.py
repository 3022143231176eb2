"""The sampling check: what a wave may expect and find, before anybody is asked; it proposes and never blocks."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from diagnosis.sampling import (
    WISHED_SHARE,
    Expectation,
    PlannedAudience,
    PlannedGap,
    SamplingCheck,
    check_sampling,
    typical_rate,
)
from diagnosis.views.sources import engagement_context
from diagnosis.words import AUDIENCES
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.form_cache import forms_of, instrument_of
from surveys.instruments import Instrument
from surveys.models import Wave
from surveys.selectors import latest_wave_of, people_by_audience

MOST_PEOPLE = 100_000_000
ORDER = {code: place for place, code in enumerate(AUDIENCES)}


class SamplingForm(forms.Form):
    """Expected response rates in percent, populations, and the wished margin in points of the scale."""

    def __init__(self, *args: Any, audiences: list[str], span: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.audiences = audiences
        for code in audiences:
            name = AUDIENCES.get(code, code)
            self.fields[f"rate_{code}"] = forms.FloatField(
                label=_("%(audience)s: answers expected, in percent") % {"audience": name},
                min_value=0.1,
                max_value=100,
                required=False,
            )
            self.fields[f"population_{code}"] = forms.IntegerField(
                label=_("%(audience)s: how many there are in all") % {"audience": name},
                help_text=_("Empty: as many as on the list."),
                min_value=1,
                max_value=MOST_PEOPLE,
                required=False,
            )
        self.fields["margin"] = forms.FloatField(
            label=gettext_lazy("Wished precision, in points (±)"),
            min_value=0.01,
            max_value=span,
            required=False,
        )

    def expectation(self, default_margin: float) -> Expectation:
        """Return the planning values; what is missing or wrong keeps its usual value."""
        data = self.cleaned_data if self.is_bound else {}
        return Expectation(
            rates={
                code: rate / 100 for code in self.audiences if (rate := data.get(f"rate_{code}")) is not None
            },
            populations={code: n for code in self.audiences if (n := data.get(f"population_{code}"))},
            wished_margin=data.get("margin") or default_margin,
        )


@require_safe
@require_permission("people.read")
def sampling_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show needed and expected answers, precision, the smallest gaps that could be found, and who stays hidden."""
    context = engagement_context(request, engagement_id, "launch")
    wave = latest_wave_of(context["engagement"])
    if wave is None:
        raise Http404
    instrument = instrument_of(wave, get_language() or "")
    counts = people_by_audience(wave)
    codes = sorted(counts, key=lambda code: ORDER.get(code, 9))
    default = WISHED_SHARE * instrument.level_scale.span
    usual = {f"rate_{code}": round(typical_rate(code) * 100, 1) for code in codes} | {
        "margin": round(default, 2)
    }
    given = {name: value for name, value in request.GET.items() if "\x00" not in value}
    form = SamplingForm(given or None, initial=usual, audiences=codes, span=instrument.level_scale.span)
    form.is_valid()
    check = check_sampling(wave, instrument, forms_of(wave, wave.audiences.all()), form.expectation(default))
    context |= _page(check, wave, instrument) | {"form": form}
    return render(request, "diagnosis/sampling.html", context, status=422 if form.errors else 200)


def _page(check: SamplingCheck, wave: Wave, instrument: Instrument) -> dict[str, Any]:
    scale = instrument.level_scale
    rows = sorted(check.audiences, key=lambda row: ORDER.get(row.code, 9))
    groups = [
        {
            "name": AUDIENCES.get(row.code, row.code),
            "rows": check.groups.get(row.code, ()),
            "unsplit": check.unsplit.get(row.code, ()),
        }
        for row in rows
        if row.code in check.groups or row.code in check.unsplit
    ]
    shown = [_audience_row(row) for row in rows]
    return {
        "wave": wave,
        "audiences": shown,
        "hints": [row for row in shown if row["invited"] and not row["is_enough"]],
        "gaps": [_gap_row(row, scale.span) for row in check.gaps],
        "groups": groups,
        "n_hidden": sum(group.state == "hidden" for found in check.groups.values() for group in found),
        "sd": check.sd,
        "wished": check.wished_margin,
        "scale": scale,
        "n_dimensions": len(instrument.dimensions),
    }


def _audience_row(row: PlannedAudience) -> dict[str, Any]:
    plan = row.plan
    return {
        "name": AUDIENCES.get(row.code, row.code),
        "population": plan.population,
        "invited": plan.invited,
        "rate": plan.rate * 100,
        "expected": plan.expected,
        "margin": plan.margin,
        "needed": plan.needed,
        "to_invite": plan.to_invite,
        "is_enough": plan.expected >= plan.needed,
        "minimum": row.minimum,
        "state": row.state,
        "chance": plan.chance_shown * 100,
    }


def _gap_row(row: PlannedGap, span: int) -> dict[str, Any]:
    sides = [str(AUDIENCES.get(code, code)) for code in row.sides]
    return {
        "code": row.gap.code,
        "name": row.gap.name,
        "sides": " / ".join(sides),
        "test": _("same persons") if row.paired else _("two groups"),
        "overall": row.overall,
        "dimension": row.dimension,
        "share": row.overall / span * 100 if row.overall is not None else None,
        "state": row.state,
    }
