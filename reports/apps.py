"""The reports app: names its kinds of job."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the rendering of reports."""

    name = "reports"

    def ready(self) -> None:
        """Name the tasks that make reports."""
        from practice import jobs
        from practice.enums import Queue

        jobs.register_kind("report", task_name="reports.tasks.make_report", queue=Queue.RENDER)
        jobs.register_kind("sample_report", task_name="reports.tasks.make_sample", queue=Queue.RENDER)
