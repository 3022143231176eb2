"""Creates the sample from start to end; a repeat after an interruption goes on where the first run stopped."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse

from crmgap_site.sample import account, outcome, wave
from diagnosis.models import Diagnosis
from practice.models import Member
from reports.models import Report
from surveys.models import Wave

MAIL_PATIENCE = 10.0
JOB_PATIENCE = 240.0
DAYS_BETWEEN_WAVES = 365


def create_sample(say: Callable[[str], None]) -> bool:
    """Create what is missing of the sample and write its sign-in file; False when it was finished before.

    Answers and diagnosis need no worker; mails and documents are left to the workers where there are any.
    """
    owner = account.find_owner()
    if owner is not None and account.is_finished():
        return False
    owner = owner or account.found_sample_practice()
    with _timed(say, "people and wave"):
        sample = wave.set_up(owner)
    first = _measure(sample, owner, say)
    with _timed(say, "findings and plan"):
        outcome.decide(first, owner, days_ago=DAYS_BETWEEN_WAVES)
        outcome.carry_out(first, owner)
    with _timed(say, "second wave"):
        following = wave.set_up_next(sample, owner)
    diagnosis = _measure(following, owner, say)
    with _timed(say, "findings and plan"):
        outcome.decide(diagnosis, owner)
    with _timed(say, "documents"):
        reports = outcome.request_reports(diagnosis, owner)
        outcome.finish_reports(reports, owner.practice_id, patience=JOB_PATIENCE)
    account.write_sign_in(owner, [_report_url(report, owner) for report in reports])
    return True


def _measure(asked: Wave, owner: Member, say: Callable[[str], None]) -> Diagnosis:
    """Launch the wave, give its answers, close it, and return its diagnosis."""
    with _timed(say, "launch and answers"):
        wave.ask(asked, owner)
    with _timed(say, "invitations"):
        wave.finish_invitations(asked, owner.practice_id, patience=MAIL_PATIENCE)
    with _timed(say, "closing and mixing"):
        wave.close_and_release(asked, owner)
    with _timed(say, "diagnosis"):
        return outcome.diagnose(asked, owner, patience=JOB_PATIENCE)


@contextmanager
def _timed(say: Callable[[str], None], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{time.monotonic() - began:6.1f} s  {name}")


def _report_url(report: Report, owner: Member) -> str:
    """Return the address of a document's file in the portal."""
    where = {"slug": owner.practice.slug, "engagement_id": report.engagement_id, "report_id": report.pk}
    return f"{settings.BASE_URL}{reverse('reports:report_download', kwargs=where)}"
