"""Jobs survive killed workers and a lost broker: the row is the truth, a message only wakes somebody."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from practice import jobs, lookups, tasks
from practice.enums import JobState, Queue
from practice.exceptions import WrongStateError
from practice.models import Job, Member
from practice.scope import current_practice_id, practice_scope

pytestmark = pytest.mark.django_db
KIND = "test-work"


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    jobs.register_kind(KIND, task_name="tests.work", queue=Queue.DEFAULT)
    yield
    jobs.KINDS.pop(KIND)


@pytest.fixture
def job(owner_a: Member) -> Job:
    with practice_scope(owner_a.practice):
        return jobs.create(KIND, uuid.uuid4())


def reread(job: Job) -> Job:
    with practice_scope(job.practice_id):
        return Job.objects.get(pk=job.pk)


def test_same_work_is_one_job_while_it_runs(owner_a: Member, job: Job) -> None:
    with practice_scope(owner_a.practice):
        assert jobs.create(KIND, job.object_id).pk == job.pk
        Job.objects.update(state=JobState.SUCCEEDED)
        assert jobs.create(KIND, job.object_id).pk != job.pk


def test_work_is_done_once_with_visible_progress(job: Job) -> None:
    seen = []

    def work(claimed: Job, progress: jobs.Progress) -> None:
        assert current_practice_id() is None
        progress.show(1, 2, "half")
        seen.append((reread(job).done, reread(job).what, claimed.attempts))

    assert jobs.run(job.practice_id, job.pk, work)
    assert seen == [(1, "half", 1)]
    assert (reread(job).state, reread(job).percent) == (JobState.SUCCEEDED, 100)
    assert not jobs.run(job.practice_id, job.pk, work)
    assert len(seen) == 1


def test_a_claimed_job_is_taken_over_only_when_its_lease_is_over(job: Job) -> None:
    with practice_scope(job.practice_id):
        assert jobs.claim(job.pk) is not None
        assert jobs.claim(job.pk) is None
        assert lookups.due_jobs(timezone.now()) == []
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert [due.job_id for due in lookups.due_jobs(timezone.now())] == [job.pk]
        taken = jobs.claim(job.pk)
        assert taken is not None
        assert taken.attempts == 2


def test_a_job_that_kills_its_workers_parks_itself(job: Job) -> None:
    with practice_scope(job.practice_id):
        for _attempt in range(jobs.MAX_ATTEMPTS):
            assert jobs.claim(job.pk) is not None
            Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert jobs.claim(job.pk) is None
    assert (reread(job).state, reread(job).error_code) == (JobState.FAILED, "worker_lost")


def test_an_expected_error_fails_the_job_with_its_words(job: Job) -> None:
    def work(_job: Job, _progress: jobs.Progress) -> None:
        raise WrongStateError("Not ready yet.")

    assert not jobs.run(job.practice_id, job.pk, work)
    assert (reread(job).state, reread(job).error_code, reread(job).error_text) == (
        JobState.FAILED, "wrong_state", "Not ready yet.",
    )  # fmt: skip


def test_an_unexpected_error_is_tried_three_times(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    def work(_job: Job, _progress: jobs.Progress) -> None:
        raise ZeroDivisionError

    for attempt in range(1, 4):
        jobs.run(job.practice_id, job.pk, work)
        assert reread(job).state == (JobState.FAILED if attempt == 3 else JobState.QUEUED)
    assert "job failed" in caplog.text


def test_a_broker_that_is_down_is_logged_and_swept_later(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OperationalError

    monkeypatch.setattr("practice.jobs.current_app.send_task", refuse)
    message = jobs.Wake("tests.work", job.practice_id, job.pk, Queue.DEFAULT)
    assert not jobs.send(message)
    assert "broker down" in caplog.text
    monkeypatch.setattr(
        "practice.jobs.current_app.send_task", lambda name, **kwargs: sent.append((name, kwargs))
    )
    tasks.sweep()
    assert ("tests.work", {"args": [str(job.practice_id), str(job.pk)], "queue": Queue.DEFAULT}) in sent


def test_tasks_open_the_scope_they_are_called_for(owner_a: Member) -> None:
    class Whole(tasks.PracticeTask):  # type: ignore[misc]
        def run(self, practice_id: uuid.UUID, object_id: uuid.UUID) -> object:
            return current_practice_id(), object_id

    class Stepped(tasks.SteppedPracticeTask):  # type: ignore[misc]
        def run(self, practice_id: uuid.UUID, object_id: uuid.UUID) -> object:
            return current_practice_id(), practice_id

    wanted = uuid.uuid4()
    assert Whole()(str(owner_a.practice_id), str(wanted)) == (owner_a.practice_id, wanted)
    assert Stepped()(str(owner_a.practice_id), str(wanted)) == (None, owner_a.practice_id)
    assert current_practice_id() is None
