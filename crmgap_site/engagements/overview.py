"""Where an engagement stands: its step, its health, what needs somebody today, and the next best action."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crmgap_site.templatetags.portal import STEPS, allowed_url, find_url
from diagnosis.enums import ActionState, Decision, DiagnosisState
from diagnosis.models import Action, Diagnosis, Finding
from practice.models import Engagement, Member
from practice.permissions import can
from reports.enums import ReportState
from reports.models import Report
from surveys.enums import AudienceState, DeliveryState, Round, WaveKind
from surveys.mail import stopping
from surveys.models import Delivery, Recipient, Wave

ROUTES = {code: route for code, _name, route in STEPS}
NEXT_LABELS = {
    "people": gettext_lazy("Add people"),
    "launch": gettext_lazy("Check and launch"),
    "field": gettext_lazy("Watch the answers"),
    "diagnosis": gettext_lazy("Read the diagnosis"),
    "report": gettext_lazy("Make the reports"),
    "actions": gettext_lazy("Follow the actions"),
}
READ_LABELS = NEXT_LABELS | {
    "people": gettext_lazy("See the people"),
    "report": gettext_lazy("Read the reports"),
}
IN_FIELD = {AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED}


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engagement is on its way: ok, warn or bad, in words."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """One engagement as the home page shows it."""

    engagement: Engagement
    wave: Wave | None
    diagnosis: Diagnosis | None
    step: str
    health: Health
    n_finished: int | None
    n_to_decide: int
    n_actions: int
    n_people: int
    due: datetime | None
    slug: str
    member: Member | None

    @property
    def next_action(self) -> dict[str, str] | None:
        """Return the next best action of the member, label and address; None when the role has nothing to do."""
        url = allowed_url(self.member, ROUTES[self.step], slug=self.slug, engagement_id=self.engagement.pk)
        if not url:
            return None
        is_reader = self.member is not None and not can(self.member, "engagement.edit")
        labels = READ_LABELS if is_reader else NEXT_LABELS
        return {"label": str(labels[self.step]), "url": url}

    @property
    def done_steps(self) -> set[str]:
        """Return the codes of the steps that lie behind."""
        codes = list(ROUTES)
        return set(codes[: codes.index(self.step)])

    @property
    def today(self) -> dict[str, str] | None:
        """Return the line for "needs you today", or None when nothing does."""
        may_act = self.member is None or can(self.member, "engagement.edit")
        if not may_act or (self.health.state not in {"warn", "bad"} and not self.n_to_decide):
            return None
        text, action = self.health.text, self.next_action or {}
        is_stopped = bool(_stopped(self.wave))
        if is_stopped:
            url = find_url("mails", slug=self.slug, engagement_id=self.engagement.pk)
            action = {"label": _("See what bounced"), "url": f"{url}?show=bounced"}
        if self.n_to_decide and not is_stopped:
            text = ngettext("%(n)s finding to decide", "%(n)s findings to decide", self.n_to_decide)
            text %= {"n": self.n_to_decide}
            url = find_url("findings", slug=self.slug, engagement_id=self.engagement.pk)
            action = {"label": _("Review findings"), "url": url}
        return {
            "tone": self.health.state if self.health.state in {"warn", "bad"} else "",
            "icon": "alert-triangle" if self.health.state in {"warn", "bad"} else "eye",
            "client": self.engagement.client_organisation.name,
            "text": text,
            **action,
        }


def overviews(
    engagements: Iterable[Engagement], *, slug: str, member: Member | None = None
) -> list[Overview]:
    """Return the overviews of some engagements for a member; the number of queries does not grow with them."""
    rows = list(engagements)
    ids = [row.pk for row in rows]
    counted = Wave.objects.filter(engagement__in=ids).exclude(kind=WaveKind.TEST)
    all_waves = counted.defer("instrument").prefetch_related("audiences")
    waves: dict[UUID, Wave] = {wave.engagement_id: wave for wave in all_waves.order_by("number")}
    wave_ids = [wave.pk for wave in waves.values()]
    people = _per_wave(Recipient.objects.all(), waves.values())
    bounced = Delivery.objects.filter(round=Round.INVITATION, state=DeliveryState.BOUNCED_HARD)
    bounces = _per_wave(bounced, waves.values())
    newest = Diagnosis.objects.filter(wave__in=wave_ids).defer("result").order_by("number")
    diagnoses = {diagnosis.wave_id: diagnosis for diagnosis in newest}
    to_decide = _counts(
        Finding.objects.filter(
            diagnosis__in=[diagnosis.pk for diagnosis in diagnoses.values()], decision=Decision.PROPOSED
        ),
        "diagnosis",
    )
    made = Report.objects.filter(diagnosis__wave__in=wave_ids, state=ReportState.SUCCEEDED)
    reports = _counts(made, "diagnosis__wave")
    in_plan = Action.objects.exclude(state__in={ActionState.PROPOSED, ActionState.DROPPED})
    actions = _counts(in_plan.filter(engagement__in=ids), "engagement")
    found = []
    for row in rows:
        wave = waves.get(row.pk)
        diagnosis = diagnoses.get(wave.pk) if wave else None
        n_people = people.get(wave.pk, 0) if wave else 0
        n_to_decide = to_decide.get(diagnosis.pk, 0) if diagnosis else 0
        found.append(
            Overview(
                engagement=row,
                wave=wave,
                diagnosis=diagnosis,
                step=_step(wave, diagnosis, n_people, n_to_decide, reports.get(wave.pk, 0) if wave else 0),
                health=_health(wave, diagnosis, bounces.get(wave.pk, 0) if wave else 0),
                n_finished=_finished(wave),
                n_to_decide=n_to_decide,
                n_actions=actions.get(row.pk, 0),
                n_people=n_people,
                due=_due(wave),
                slug=slug,
                member=member,
            )
        )
    return found


def _counts(queryset: QuerySet[Any], key: str) -> dict[UUID, int]:
    return {row[key]: row["n"] for row in queryset.order_by().values(key).annotate(n=Count("pk"))}


def _per_wave(queryset: QuerySet[Any], waves: Iterable[Wave]) -> dict[UUID, int]:
    """Count rows of audiences by wave, by what is already known of the waves."""
    wave_of = {audience.pk: wave.pk for wave in waves for audience in wave.audiences.all()}
    found: dict[UUID, int] = {}
    for audience_id, n in _counts(queryset.filter(wave_audience__in=wave_of), "wave_audience").items():
        found[wave_of[audience_id]] = found.get(wave_of[audience_id], 0) + n
    return found


def _step(
    wave: Wave | None, diagnosis: Diagnosis | None, n_people: int, n_to_decide: int, n_reports: int
) -> str:
    has_collected = wave is not None and any(audience.source for audience in wave.audiences.all())
    if wave is None or not (n_people or has_collected or wave.answers_deleted_at):
        return "people"
    if wave.launched_at is None and n_people:
        return "launch"
    if any(audience.state in IN_FIELD for audience in wave.audiences.all()):
        return "field"
    if diagnosis is None or diagnosis.state != DiagnosisState.SUCCEEDED:
        return "diagnosis"
    if not n_reports:
        return "diagnosis" if n_to_decide else "report"
    return "actions"


def _health(wave: Wave | None, diagnosis: Diagnosis | None, n_bounced: int) -> Health:
    if diagnosis and diagnosis.state == DiagnosisState.FAILED:
        return Health("bad", _("the diagnosis failed"))
    stopped = _stopped(wave)
    if stopped:
        return Health("bad", _("%(why)s; mails stopped") % {"why": stopped})
    if n_bounced:
        return Health("warn", ngettext("%(n)s bounced", "%(n)s bounced", n_bounced) % {"n": n_bounced})
    if wave is None or wave.launched_at is None:
        return Health("", _("not launched"))
    if any(audience.state == AudienceState.PAUSED for audience in wave.audiences.all()):
        return Health("warn", _("paused"))
    return Health("ok", _("on its way"))


def _stopped(wave: Wave | None) -> str:
    """Return why mails of the wave were stopped by themselves, in words; empty when none were."""
    audiences = wave.audiences.all() if wave else []
    return ", ".join(stopping.stop_words(one) for one in audiences if stopping.is_stopped(one))


def _finished(wave: Wave | None) -> int | None:
    if wave is None or wave.launched_at is None:
        return None
    shown = [audience.totals.get("finished") for audience in wave.audiences.all()]
    known = [number for number in shown if number is not None]
    return sum(known) if known else None


def _due(wave: Wave | None) -> datetime | None:
    if wave is None:
        return None
    dates = [a.closes_at for a in wave.audiences.all() if a.closes_at and a.state in IN_FIELD]
    return min(dates, default=None)
