"""The titles that only documents have: how many findings they hold and how large the plan is."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def findings_title(n_findings: int) -> str:
    """Say how many findings the figures carry."""
    if not n_findings:
        return _("The figures carry no finding that asks for action")
    return ngettext(
        "%(n)s finding, by stage and in the order of priority",
        "%(n)s findings, by stage and in the order of priority",
        n_findings,
    ) % {"n": n_findings}


def top_findings_title(n_findings: int) -> str:
    """Say how many of the findings the board edition shows."""
    if n_findings <= 3:
        return findings_title(n_findings)
    return _("The three findings that matter most, of %(n)s") % {"n": n_findings}


def plan_title(n_actions: int, n_stages: int) -> str:
    """Say how large the plan is."""
    if not n_actions:
        return _("No action is planned yet")
    actions = ngettext("%(n)s action", "%(n)s actions", n_actions) % {"n": n_actions}
    stages = ngettext("one stage", "%(n)s stages", n_stages) % {"n": n_stages}
    return _("%(actions)s in %(stages)s, each with its evidence and its measure") % {
        "actions": actions,
        "stages": stages,
    }
