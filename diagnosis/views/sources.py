"""What every page of the room starts from: the engagement, its diagnosis, the instrument, the addresses of sheets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language

from diagnosis.enums import DiagnosisState
from diagnosis.models import Diagnosis
from diagnosis.result import SCHEMA
from diagnosis.retelling import renamed
from diagnosis.selectors import latest_diagnosis_for
from practice.models import Engagement
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for
from surveys.enums import AudienceState, WaveKind
from surveys.form_cache import instrument_of
from surveys.instruments import Instrument
from surveys.models import Wave

SheetUrl = Callable[[str, str | None], str]


@dataclass(frozen=True, slots=True)
class Source:
    """A readable result with the questionnaire it was asked with, both with the names of the reader's language."""

    diagnosis: Diagnosis
    result: dict[str, Any]
    instrument: Instrument


def engagement_context(request: PracticeRequest, engagement_id: UUID, step: str) -> dict[str, Any]:
    """Return the context that every page inside an engagement needs; 404 when the member may not see it."""
    return {"engagement": get_engagement_for(request.member, engagement_id), "step": step}


def source_of(diagnosis: Diagnosis | None) -> Source | None:
    """Return the result of a finished diagnosis, or None when there is none that this version can read."""
    if diagnosis is None or diagnosis.state != DiagnosisState.SUCCEEDED:
        return None
    if diagnosis.result.get("schema") != SCHEMA:
        return None
    instrument = instrument_of(diagnosis.wave, get_language() or "")
    return Source(diagnosis, renamed(diagnosis, instrument), instrument)


def latest_source(request: PracticeRequest, engagement: Engagement) -> Source | None:
    """Return the newest readable result of an engagement that the member may see."""
    return source_of(latest_diagnosis_for(request.member, engagement))


def wave_to_diagnose(engagement: Engagement) -> Wave | None:
    """Return the newest wave with released answers that is no test; where none has any, the newest one.

    So a next wave that is planned or runs does not stand in the way of the last one's figures.
    """
    waves = Wave.objects.filter(engagement=engagement).exclude(kind=WaveKind.TEST).order_by("-number")
    released = waves.filter(audiences__state=AudienceState.RELEASED)
    return released.first() or waves.first()


def sheet_urls(slug: str, engagement: Engagement) -> SheetUrl:
    """Return the function that names the address of the statistics behind a mark: gap, or gap on one part."""

    def url(gap: str, part: str | None) -> str:
        path = reverse(
            "diagnosis:gap_sheet", kwargs={"slug": slug, "engagement_id": engagement.pk, "gap": gap}
        )
        return f"{path}?{urlencode({'part': part})}" if part else path

    return url
