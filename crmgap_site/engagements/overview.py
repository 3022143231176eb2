"""Where an engagement stands: its step, what needs attention, and the next best action."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from diagnosis.enums import Decision, DiagnosisState
from diagnosis.models import Action, Diagnosis, Finding
from practice.models import Engagement
from reports.enums import ReportState
from reports.models import Report
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.models import Delivery, Recipient, Wave

STEPS = (
    ("people", gettext_lazy("People"), "surveys:people"),
    ("launch", gettext_lazy("Launch"), "surveys:launch"),
    ("field", gettext_lazy("Field"), "surveys:field"),
    ("diagnosis", gettext_lazy("Diagnosis"), "diagnosis:current"),
    ("report", gettext_lazy("Report"), "reports:report_list"),
    ("actions", gettext_lazy("Actions"), "diagnosis:action_list"),
)
STEP_NUMBERS = {code: number for number, (code, _name, _route) in enumerate(STEPS)}
NEXT_LABELS = {
    "people": gettext_lazy("Add people"),
    "launch": gettext_lazy("Check and launch"),
    "field": gettext_lazy("Watch the answers"),
    "diagnosis": gettext_lazy("Read the diagnosis"),
    "report": gettext_lazy("Make the reports"),
    "actions": gettext_lazy("Follow the actions"),
}
IN_FIELD = {AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the stepper."""

    code: str
    name: str
    url: str
    is_done: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """One engagement as the home page shows it."""

    engagement: Engagement
    wave: Wave | None
    step: str
    step_name: str
    next_label: str
    next_url: str
    attention: tuple[str, ...]
    n_people: int

    @property
    def steps(self) -> list[Step]:
        """Return the six steps with their state."""
        return steps_of(self.engagement, current=self.step, reached=self.step)


def steps_of(engagement: Engagement, *, current: str, reached: str) -> list[Step]:
    """Return the stepper of an engagement: `current` is the page shown, `reached` how far the work has come."""
    return [
        Step(code, str(name), _url(engagement, route), STEP_NUMBERS[code] < STEP_NUMBERS[reached], code == current)
        for code, name, route in STEPS
    ]


def _url(engagement: Engagement, route: str) -> str:
    return reverse(route, kwargs={"slug": engagement.practice.slug, "engagement_id": engagement.pk})


def overviews(engagements: Iterable[Engagement]) -> list[Overview]:
    """Return the overviews of some engagements with a number of queries that does not grow with them."""
    rows = list(engagements)
    ids = [row.pk for row in rows]
    waves: dict[UUID, Wave] = {}
    for wave in Wave.objects.filter(engagement__in=ids).prefetch_related("audiences").order_by("number"):
        waves[wave.engagement_id] = wave
    wave_ids = [wave.pk for wave in waves.values()]
    people = _counts(Recipient.objects.filter(wave_audience__wave__in=wave_ids), "wave_audience__wave")
    bounced = _counts(
        Delivery.objects.filter(
            wave_audience__wave__in=wave_ids, round=Round.INVITATION, state=DeliveryState.BOUNCED_HARD
        ),
        "wave_audience__wave",
    )
    diagnoses = {
        diagnosis.wave_id: diagnosis
        for diagnosis in Diagnosis.objects.filter(wave__in=wave_ids).defer("result").order_by("number")
    }
    undecided = _counts(
        Finding.objects.filter(diagnosis__in=[d.pk for d in diagnoses.values()], decision=Decision.PROPOSED),
        "diagnosis",
    )
    reports = _counts(Report.objects.filter(engagement__in=ids, state=ReportState.SUCCEEDED), "engagement")
    actions = _counts(Action.objects.filter(engagement__in=ids), "engagement")
    return [
        _overview(
            row,
            waves.get(row.pk),
            n_people=people.get(_pk(waves.get(row.pk)), 0),
            n_bounced=bounced.get(_pk(waves.get(row.pk)), 0),
            diagnosis=diagnoses.get(_pk(waves.get(row.pk))),
            undecided=undecided,
            n_reports=reports.get(row.pk, 0),
            n_actions=actions.get(row.pk, 0),
        )
        for row in rows
    ]


def _pk(wave: Wave | None) -> UUID:
    return wave.pk if wave else UUID(int=0)


def _counts(queryset: object, key: str) -> dict[UUID, int]:
    rows = queryset.order_by().values(key).annotate(n=Count("pk"))  # type: ignore[attr-defined]  # any query set
    return {row[key]: row["n"] for row in rows}


def _overview(
    engagement: Engagement,
    wave: Wave | None,
    *,
    n_people: int,
    n_bounced: int,
    diagnosis: Diagnosis | None,
    undecided: dict[UUID, int],
    n_reports: int,
    n_actions: int,
) -> Overview:
    states = {audience.state for audience in wave.audiences.all()} if wave else set()
    n_undecided = undecided.get(diagnosis.pk, 0) if diagnosis else 0
    if wave is None or not n_people:
        step = "people"
    elif wave.launched_at is None:
        step = "launch"
    elif states & IN_FIELD:
        step = "field"
    elif diagnosis is None or diagnosis.state != DiagnosisState.SUCCEEDED or n_undecided:
        step = "diagnosis"
    elif not n_reports:
        step = "report"
    else:
        step = "actions"
    attention = []
    if n_bounced:
        attention.append(
            ngettext("%(n)s invitation bounced", "%(n)s invitations bounced", n_bounced) % {"n": n_bounced}
        )
    if n_undecided:
        attention.append(
            ngettext("%(n)s finding to decide", "%(n)s findings to decide", n_undecided) % {"n": n_undecided}
        )
    if diagnosis and diagnosis.state == DiagnosisState.FAILED:
        attention.append(_("The diagnosis failed. Start it again."))
    name, route = next((str(label), found) for code, label, found in STEPS if code == step)
    return Overview(
        engagement=engagement,
        wave=wave,
        step=step,
        step_name=name,
        next_label=str(NEXT_LABELS[step]),
        next_url=_url(engagement, route),
        attention=tuple(attention),
        n_people=n_people,
    )
