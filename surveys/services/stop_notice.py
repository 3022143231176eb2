"""Sending the notice of an automatic stop: a job, so that it is tried again when the mail server is away."""

from practice.jobs import Progress
from practice.mail import hand_over
from practice.models import Job
from practice.scope import practice_scope
from surveys.mail import stopping
from surveys.mail.stop_notice import build_notice, receivers_of
from surveys.models import WaveAudience


class NoticeNotSentError(Exception):
    """The mail server did not take the notice; the job tries again."""


def send_notice(job: Job, progress: Progress) -> None:
    """Mail the notice unless somebody let the audience go on meanwhile; raises when the server did not take it."""
    with practice_scope(job.practice_id):
        related = WaveAudience.objects.select_related("practice", "wave__engagement__client_organisation")
        audience = related.defer("wave__instrument").get(pk=job.object_id)
        if not stopping.is_stopped(audience):
            return
        notices = [build_notice(audience, receiver) for receiver in receivers_of(audience)]
    for number, notice in enumerate(notices, 1):
        is_taken, _words = hand_over(notice)
        if not is_taken:
            raise NoticeNotSentError
        progress.show(number, len(notices))
