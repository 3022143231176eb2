"""Creates the sample from start to end; a repeat after an interruption goes on where the first run stopped."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse

from crmgap_site.sample import account, outcome, wave
from practice.models import Member
from reports.models import Report

MAIL_PATIENCE = 10.0
JOB_PATIENCE = 240.0


def create_sample(say: Callable[[str], None]) -> bool:
    """Create what is missing of the sample and write its sign-in file; False when it was finished before.

    Answers and diagnosis need no worker; mails and documents are left to the workers where there are any.
    """
    owner = account.find_owner()
    if owner is not None and account.is_finished():
        return False
    owner = owner or account.found_sample_practice()
    with _timed(say, "people, wave and launch"):
        sample = wave.set_up(owner)
    with _timed(say, "answers"):
        wave.ask(sample, owner)
    with _timed(say, "invitations"):
        wave.finish_invitations(sample, owner.practice_id, patience=MAIL_PATIENCE)
    with _timed(say, "closing and mixing"):
        wave.close_and_release(sample, owner)
    with _timed(say, "diagnosis"):
        diagnosis = outcome.diagnose(sample, owner, patience=JOB_PATIENCE)
    with _timed(say, "findings and plan"):
        outcome.decide(diagnosis, owner)
    with _timed(say, "documents"):
        reports = outcome.request_reports(diagnosis, owner)
        outcome.finish_reports(reports, owner.practice_id, patience=JOB_PATIENCE)
    account.write_sign_in(owner, [_report_url(report, owner) for report in reports])
    return True


@contextmanager
def _timed(say: Callable[[str], None], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{time.monotonic() - began:6.1f} s  {name}")


def _report_url(report: Report, owner: Member) -> str:
    """Return the address of a document's file in the portal."""
    where = {"slug": owner.practice.slug, "engagement_id": report.engagement_id, "report_id": report.pk}
    return f"{settings.BASE_URL}{reverse('reports:report_download', kwargs=where)}"
