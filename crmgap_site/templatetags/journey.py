"""Where an engagement stands, for templates of any room: the stepper must tell the same everywhere."""

from typing import Any

from django import template
from django.template import Context

from crmgap_site.engagements.overview import overviews

register = template.Library()


@register.simple_tag(takes_context=True)
def done_steps_of(context: Context, engagement: Any) -> set[str]:
    """Return the codes of the steps that lie behind the engagement."""
    practice = context.get("practice")
    return overviews([engagement], slug=practice.slug if practice else "")[0].done_steps
