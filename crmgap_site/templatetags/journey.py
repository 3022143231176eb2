"""Where an engagement stands, for templates of any room: the stepper must tell the same everywhere."""

from typing import Any

from django import template
from django.template import Context

from crmgap_site.engagements.overview import Overview, overviews
from surveys.models import Wave

register = template.Library()


@register.simple_tag(takes_context=True)
def done_steps_of(context: Context, engagement: Any) -> set[str]:
    """Return the codes of the steps that lie behind the engagement."""
    overview = _overview_of(context, engagement)
    return overview.done_steps


@register.simple_tag(takes_context=True)
def wave_kind_of(context: Context, engagement: Any) -> str:
    """Return the kind of the engagement's newest wave, "" when there is none: pages mark what does not count."""
    shown = context.get("wave")
    wave = shown if isinstance(shown, Wave) else _overview_of(context, engagement).wave
    return wave.kind if wave is not None else ""


def _overview_of(context: Context, engagement: Any) -> Overview:
    """Return where the engagement stands, read once for all tags of a page."""
    found: Overview | None = context.render_context.get("journey")
    if found is None or found.engagement.pk != engagement.pk:
        practice = context.get("practice")
        found = overviews([engagement], slug=practice.slug if practice else "")[0]
        context.render_context["journey"] = found
    return found
