"""The diagnosis app: names its kind of job and starts a diagnosis when a wave closes."""

from contextlib import suppress
from typing import Any

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Registers the computing of diagnoses."""

    name = "diagnosis"

    def ready(self) -> None:
        """Name the task and listen to closed waves."""
        from practice import jobs
        from practice.enums import Queue
        from surveys.signals import answers_deleted, wave_closed

        jobs.register_kind("diagnosis", task_name="diagnosis.tasks.compute_diagnosis", queue=Queue.COMPUTE)
        wave_closed.connect(_start, dispatch_uid="diagnosis.start")
        answers_deleted.connect(_forget, dispatch_uid="diagnosis.forget")


def _start(sender: Any, wave: Any, **_kwargs: Any) -> None:
    """Ask for a diagnosis inside the transaction that closes the wave; a wave without answers gets none."""
    from diagnosis import services
    from diagnosis.exceptions import NothingReleasedError
    from surveys.enums import WaveKind

    if wave.kind != WaveKind.TEST:
        with suppress(NothingReleasedError):
            services.request_diagnosis(wave, actor=None)


def _forget(sender: Any, wave: Any, **_kwargs: Any) -> None:
    """Delete what diagnoses hold of single answers, in the transaction that ends their deletion."""
    from diagnosis.computing import forget_answers

    forget_answers(wave)
